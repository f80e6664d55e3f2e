import { CLD_EXITED, P_PID, siginfo, WEXITED, WNOHANG, WNOWAIT } from '../abi/process.ts'
import { errnoNow, native, SystemCallError } from '../libc.ts'

/**
 * How child processes end, by a waitid(2) that does not block. A blocking one would hold a thread for as long
 * as the child runs, and a few dozen children that hang would take all threads from other volumes.
 */

/** How a process has ended. */
export type ProcessEnd = { readonly exitCode: number } | { readonly signal: number }

interface Waiting {
  /** This process may end before it does. */
  isAbandoned: boolean
  resolve(end: ProcessEnd): void
  reject(error: unknown): void
}

const waiting = new Map<number, Waiting>()

/**
 * SIGCHLD does not identify the child, and one signal can stand for several. It may not arrive: not every
 * program that hosts this code passes it on. So the children are also polled, at growing intervals.
 */
const FIRST_PAUSE_MS = 2
const MAX_PAUSE_MS = 1000
let timer: NodeJS.Timeout | undefined

/** Waits until the process has ended, and leaves it to be reaped: until then its id is not reused. */
export function waitForEnd(pid: number): Promise<ProcessEnd> {
  if (waiting.size === 0) process.on('SIGCHLD', lookAtAll)
  const { promise, resolve, reject } = Promise.withResolvers<ProcessEnd>()
  waiting.set(pid, { isAbandoned: false, resolve, reject })
  // It may have ended before the signal was listened to. The timer also keeps this process from ending while
  // children run.
  look(pid)
  schedule(FIRST_PAUSE_MS)
  return promise
}

/** Lets this process end before a child does. */
export function abandon(pid: number): void {
  const child = waiting.get(pid)
  if (child) child.isAbandoned = true
}

/** Reaps a process that has ended. */
export function reap(pid: number): void {
  native.waitid(P_PID, pid, Buffer.alloc(siginfo.bytes), WEXITED)
}

function lookAtAll(): void {
  for (const pid of waiting.keys()) look(pid)
}

function look(pid: number): void {
  try {
    const end = endOf(pid)
    if (!end) return
    waiting.get(pid)?.resolve(end)
  } catch (error) {
    waiting.get(pid)?.reject(error)
  }
  waiting.delete(pid)
  if (waiting.size > 0) return
  process.off('SIGCHLD', lookAtAll)
  clearTimeout(timer)
}

function schedule(pauseMs: number): void {
  clearTimeout(timer)
  if (waiting.size === 0) return
  timer = setTimeout(() => {
    lookAtAll()
    schedule(Math.min(2 * pauseMs, MAX_PAUSE_MS))
  }, pauseMs)
  if ([...waiting.values()].every(({ isAbandoned }) => isAbandoned)) timer.unref()
}

/** @returns undefined while the process runs @throws SystemCallError ECHILD when it is not our child */
function endOf(pid: number): ProcessEnd | undefined {
  const info = Buffer.alloc(siginfo.bytes)
  const result = native.waitid(P_PID, pid, info, WEXITED | WNOHANG | WNOWAIT)
  if (result < 0) throw new SystemCallError('waitid', errnoNow(), `wait for process ${pid}`)
  if (info.readInt32LE(siginfo.pid) === 0) return undefined
  const status = info.readInt32LE(siginfo.status)
  return info.readInt32LE(siginfo.code) === CLD_EXITED ? { exitCode: status } : { signal: status }
}
