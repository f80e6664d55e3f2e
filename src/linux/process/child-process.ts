import { readFileSync, writeFileSync } from 'node:fs'

/**
 * A figure that is another one after the process has done anything: used its processor, or asked for data.
 * @returns undefined when that cannot be told
 */
export function progressOf(pid: number): string | undefined {
  try {
    // The name in parentheses can have spaces (proc_pid_stat(5)): utime and stime are the 12th and 13th field
    // behind it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [utime, stime] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
    const io = readFileSync(`/proc/${pid}/io`, 'latin1')
    return `${utime} ${stime} ${io}`
  } catch {
    return undefined
  }
}

/** The highest of proc_pid_oom_score_adj(5). */
const FIRST_TO_GO = '1000'

/**
 * Lets the kernel end this process, and not us, when memory runs out: a check of a large file system may need
 * more than the container has. Whatever it fails with, the command works without.
 */
export function offerToOomKiller(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, FIRST_TO_GO)
  } catch {
    // It has ended already, or there is no /proc.
  }
}
