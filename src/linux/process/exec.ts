import { fstatSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { hasErrno, VolumeError } from '../../volumes/model/errors.ts'
import { type CommandEnd, CommandError } from './command-error.ts'
import { abandon, type ProcessEnd, reap, waitForEnd } from './child-ends.ts'
import { closeDescriptor, makeMemoryFile, posixSpawn } from './posix-spawn.ts'

export interface RunOptions {
  /** Kills the command when aborted. */
  readonly signal: AbortSignal
  /** Kills the command when it still runs after this many milliseconds; by default only `signal` ends it. */
  readonly timeoutMs?: number
  /**
   * Kills the command when it has neither used its processor nor asked for data for this many milliseconds.
   */
  readonly stallMs?: number
  /** The package that has the command, for the error of one that is not installed. */
  readonly debianPackage?: string | undefined
}

export interface CommandOutput {
  readonly stdout: string
  readonly stderr: string
}

export type Run = (command: string, args: readonly string[], options: RunOptions) => Promise<CommandOutput>

/** The PATH of tools, with the sbin directories, which the process's own PATH may lack. */
export const toolDirectories = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
] as const

/** No variables are inherited, so tools print English messages. */
const environment = ['LC_ALL=C', `PATH=${toolDirectories.join(':')}`]

/**
 * How long a killed command may take to end. While it waits in the kernel for a disk that does not answer,
 * the signal has no effect.
 */
const GIVE_UP_MS = 10_000

/** The limit of what is read from each output. */
const OUTPUT_LIMIT_BYTES = 64 * 1024

/**
 * Runs a command without a shell and waits until it has ended. When it must end early, it and the processes
 * that it has started are killed with SIGKILL: a tool that hangs on a device ignores other signals.
 * @throws CommandError unless it ends with exit code 0
 * @throws VolumeError failed-precondition when the command is not installed
 * @throws the signal's reason when aborted
 */
export async function run(
  command: string,
  args: readonly string[],
  { signal, timeoutMs, stallMs, debianPackage }: RunOptions,
): Promise<CommandOutput> {
  signal.throwIfAborted()
  // Files, not pipes: a command never waits for its reader, and we never wait for the end of its output.
  using stdout = new OutputFile('stdout')
  using stderr = new OutputFile('stderr')
  const pid = await posixSpawn(command, args, environment, stdout.fd, stderr.fd).catch((error: unknown) => {
    throw hasErrno(error, 'ENOENT') ? notInstalled(command, debianPackage, error) : error
  })
  preferForOomKill(pid)
  using stall = new StallWatch(pid, stallMs)
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  const stops = [signal, stall.signal, ...(timeout ? [timeout] : [])]
  const end = await endOf(pid, AbortSignal.any(stops))
  const output = { stdout: stdout.read(), stderr: stderr.read() }
  if (end && 'exitCode' in end && end.exitCode === 0) return output
  const limitMs = timeout?.aborted ? timeoutMs : undefined
  const stalledMs = stall.signal.aborted ? stallMs : undefined
  const failure = new CommandError(
    command,
    args,
    { ...describe(end), pid, limitMs, stalledMs, wasStopped: signal.aborted },
    output.stdout,
    output.stderr,
  )
  // An aborted call fails with the signal's reason, unless the command does not end.
  if (end) signal.throwIfAborted()
  throw failure
}

/**
 * Waits for the process, and kills its group when it must stop.
 * @returns undefined for one that was killed and does not end; it is reaped when it ends
 */
async function endOf(pid: number, stop: AbortSignal): Promise<ProcessEnd | undefined> {
  const givenUp = Promise.withResolvers<undefined>()
  const giveUp = (): void => {
    abandon(pid)
    givenUp.resolve(undefined)
  }
  let timer: NodeJS.Timeout | undefined
  const kill = (): void => {
    process.kill(-pid, 'SIGKILL')
    timer = setTimeout(giveUp, GIVE_UP_MS)
  }
  stop.addEventListener('abort', kill)
  if (stop.aborted) kill()
  const ended = waitForEnd(pid).finally(() => {
    reap(pid)
  })
  try {
    return await Promise.race([ended, givenUp.promise])
  } finally {
    stop.removeEventListener('abort', kill)
    clearTimeout(timer)
  }
}

function describe(end: ProcessEnd | undefined): Pick<CommandEnd, 'exitCode' | 'signal' | 'hasEnded'> {
  if (!end) return { exitCode: null, signal: null, hasEnded: false }
  if ('exitCode' in end) return { exitCode: end.exitCode, signal: null, hasEnded: true }
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][]
  const signal = names.find(([, number]) => number === end.signal)?.[0] ?? null
  return { exitCode: null, signal, hasEnded: true }
}

/** Fires its signal when a process has made no progress for some time. */
class StallWatch implements Disposable {
  readonly #stalled = new AbortController()
  readonly #timer: NodeJS.Timeout | undefined

  constructor(pid: number, stallMs: number | undefined) {
    if (stallMs === undefined) return
    let before = progressOf(pid)
    this.#timer = setInterval(() => {
      const now = progressOf(pid)
      if (now !== undefined && now === before) this.#stalled.abort()
      before = now
    }, stallMs)
  }

  get signal(): AbortSignal {
    return this.#stalled.signal
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

/** The output of a command: a file in memory. */
class OutputFile implements Disposable {
  readonly fd: number

  constructor(name: string) {
    this.fd = makeMemoryFile(name)
  }

  read(): string {
    const buffer = Buffer.alloc(Math.min(fstatSync(this.fd).size, OUTPUT_LIMIT_BYTES))
    return buffer.toString('utf8', 0, readSync(this.fd, buffer, 0, buffer.length, 0))
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.fd)
  }
}

function notInstalled(command: string, debianPackage: string | undefined, cause: unknown): VolumeError {
  const advice = debianPackage === undefined ? '' : `: install the Debian package ${debianPackage}`
  return new VolumeError('failed-precondition', `${command} is not installed on this machine${advice}`, {
    cause,
  })
}

/**
 * A text that changes when the process makes progress: uses its processor, or asks for data.
 * @returns undefined when it cannot be read
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
const KILLED_FIRST = '1000'

/**
 * Has the kernel kill this process before the driver when memory runs out: a check of a large file system may
 * need more than the container has. A failure is ignored, because the command works without it.
 */
export function preferForOomKill(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, KILLED_FIRST)
  } catch {
    // The process has ended already, or there is no /proc.
  }
}
