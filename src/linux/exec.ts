import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { hasErrno, VolumeError } from '../volumes/errors.ts'
import { CommandError } from './command-error.ts'
import { debianPackages } from './debian-packages.ts'

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

/** Nothing is inherited: tools answer in English, and are found also where PATH leaves out the sbin directories. */
const environment = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }

/** Of each output stream, as much as this is kept; the rest is read and dropped, so that no command blocks on it. */
const OUTPUT_LIMIT_BYTES = 64 * 1024

/**
 * Runs a command without a shell and waits until it is gone. Whatever ends it early ends it with SIGKILL: a tool that
 * hangs on a device does not hear anything less.
 * @throws CommandError when it ends with anything but exit code 0
 * @throws VolumeError failed-precondition when the command is not installed
 * @throws the signal's reason when aborted
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<CommandOutput> {
  const { signal, timeoutMs } = options
  signal.throwIfAborted()
  // spawn's own `signal` and `timeout` report before the child is gone, and with errors of their own.
  const child = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  const stop = timeout ? AbortSignal.any([signal, timeout]) : signal
  const kill = () => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch (error) {
      if (!hasErrno(error, 'ESRCH')) throw error
    }
  }
  stop.addEventListener('abort', kill, { once: true })
  try {
    const { exitCode, endSignal } = await ended(child, command)
    if (exitCode === 0) return { stdout: stdout(), stderr: stderr() }
    signal.throwIfAborted()
    const end = { exitCode, signal: endSignal, timeoutMs: timeout?.aborted ? timeoutMs : undefined }
    throw new CommandError(command, args, end, stdout(), stderr())
  } finally {
    stop.removeEventListener('abort', kill)
  }
}

interface End {
  readonly exitCode: number | null
  readonly endSignal: NodeJS.Signals | null
}

/** Waits for the exit and for the end of both outputs. Rejects when the command could not even be started. */
function ended(child: ChildProcess, command: string): Promise<End> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(hasErrno(error, 'ENOENT') ? notInstalled(command, error) : error)
    })
    child.once('close', (exitCode, endSignal) => {
      resolve({ exitCode, endSignal })
    })
  })
}

/**
 * @param stream undefined when there were no file descriptors left for it; then the command was not started either
 * @returns a function that gives what the stream has brought so far
 */
function collect(stream: Readable | undefined): () => string {
  const chunks: Buffer[] = []
  let room = OUTPUT_LIMIT_BYTES
  stream?.on('data', (chunk: Buffer) => {
    if (room > 0) chunks.push(chunk.subarray(0, room))
    room -= chunk.length
  })
  return () => Buffer.concat(chunks).toString()
}

function notInstalled(command: string, cause: unknown): VolumeError {
  const name = debianPackages.get(command)
  const advice = name ? `: install the Debian package ${name}` : ''
  return new VolumeError('failed-precondition', `${command} is not installed on this machine${advice}`, {
    cause,
  })
}
