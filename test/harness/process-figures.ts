import { readFile, writeFile } from 'node:fs/promises'

/** The unit of processor times in /proc: USER_HZ, 100 on x86-64 and arm64 (proc_pid_stat(5)). */
const TICKS_PER_SECOND = 100

/** What of a process's memory is in the machine's RAM, in bytes (VmRSS in proc_pid_status(5)). */
export function residentBytes(pid: number): Promise<number> {
  return statusBytes(pid, 'VmRSS')
}

/** The most that it has had since its start or the last `resetPeak`, in bytes (VmHWM). */
export function peakBytes(pid: number): Promise<number> {
  return statusBytes(pid, 'VmHWM')
}

/** Lets `peakBytes` begin again with what is resident now (proc_pid_clear_refs(5), since Linux 4.0). */
export async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5')
}

/** The processor time that a process has taken since its start, of all its threads, in milliseconds. */
export async function processorMs(pid: number): Promise<number> {
  return processorMsIn(await readFile(`/proc/${pid}/stat`, 'utf8'))
}

/** @param stat of proc_pid_stat(5). The name before the last `)` may contain anything. */
export function processorMsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // The first of these is field 3; utime is field 14, and stime field 15.
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
}

async function statusBytes(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return 1024 * Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1])
}
