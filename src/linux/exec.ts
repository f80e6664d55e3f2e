import { fstatSync, readSync } from 'node:fs'
import { constants } from 'node:os'
import { hasErrno, VolumeError } from '../volumes/errors.ts'
import { CommandError, type CommandEnd } from './command-error.ts'
import { debianPackages } from './debian-packages.ts'
import {
  closeDescriptor,
  makeMemoryFile,
  posixSpawn,
  reap,
  waitForEnd,
  type ProcessEnd,
} from './posix-spawn.ts'

export interface RunOptions {
  /** Kills the command when aborted. */
  readonly signal: AbortSignal
  /** Kills the command when it still runs after this many milliseconds; by default only `signal` ends it. */
  readonly timeoutMs?: number
}

export interface CommandOutput {
  readonly stdout: string
  readonly stderr: string
}

/** Where tools are looked for, also where PATH leaves out the sbin directories. */
export const toolDirectories = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
] as const

/** Nothing is inherited: tools answer in English. */
const environment = ['LC_ALL=C', `PATH=${toolDirectories.join(':')}`]

/** As much is read of each output. */
const OUTPUT_LIMIT_BYTES = 64 * 1024

/**
 * Runs a command without a shell and waits until it is gone. Whatever ends it early ends it, and what it has started, with
 * SIGKILL: a tool that hangs on a device does not hear anything less.
 * @throws CommandError when it ends with anything but exit code 0
 * @throws VolumeError failed-precondition when the command is not installed
 * @throws the signal's reason when aborted
 */
export async function run(
  command: string,
  args: readonly string[],
  { signal, timeoutMs }: RunOptions,
): Promise<CommandOutput> {
  signal.throwIfAborted()
  // Files, not pipes: a command never waits for its reader, and there is no end of output to wait for.
  using stdout = new OutputFile('stdout')
  using stderr = new OutputFile('stderr')
  const pid = await start(command, args, stdout.fd, stderr.fd)
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  const end = await endOf(pid, timeout ? AbortSignal.any([signal, timeout]) : signal)
  const output = { stdout: stdout.read(), stderr: stderr.read() }
  if ('exitCode' in end && end.exitCode === 0) return output
  signal.throwIfAborted()
  throw new CommandError(
    command,
    args,
    describe(end, timeout?.aborted ? timeoutMs : undefined),
    output.stdout,
    output.stderr,
  )
}

async function start(
  command: string,
  args: readonly string[],
  stdout: number,
  stderr: number,
): Promise<number> {
  try {
    return await posixSpawn(command, args, environment, stdout, stderr)
  } catch (error) {
    throw hasErrno(error, 'ENOENT') ? notInstalled(command, error) : error
  }
}

/** Waits for the process, and kills its group when told to stop. */
async function endOf(pid: number, stop: AbortSignal): Promise<ProcessEnd> {
  const kill = (): void => {
    process.kill(-pid, 'SIGKILL')
  }
  stop.addEventListener('abort', kill)
  if (stop.aborted) kill()
  try {
    return await waitForEnd(pid)
  } finally {
    stop.removeEventListener('abort', kill)
    reap(pid)
  }
}

function describe(end: ProcessEnd, timeoutMs: number | undefined): CommandEnd {
  if ('exitCode' in end) return { exitCode: end.exitCode, signal: null, timeoutMs }
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][]
  return { exitCode: null, signal: names.find(([, number]) => number === end.signal)?.[0] ?? null, timeoutMs }
}

/** Where a command writes to: a file in memory. */
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

function notInstalled(command: string, cause: unknown): VolumeError {
  const name = debianPackages.get(command)
  const advice = name ? `: install the Debian package ${name}` : ''
  return new VolumeError('failed-precondition', `${command} is not installed on this machine${advice}`, {
    cause,
  })
}
