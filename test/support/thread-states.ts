import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The states of the threads of a process, as in proc_pid_stat(5). */
export async function threadStates(pid: number): Promise<string[]> {
  const tasks = `/proc/${pid}/task`
  return await Promise.all(
    (await readdir(tasks)).map(async (task) => {
      const stat = await readFile(join(tasks, task, 'stat'), 'utf8').catch(() => '')
      return stat.slice(stat.lastIndexOf(')') + 2)[0] ?? ''
    }),
  )
}
