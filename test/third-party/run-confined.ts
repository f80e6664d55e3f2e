import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasErrno } from '../../src/volumes/model/errors.ts'
import { ownNamespace } from '../support/namespace.ts'

export interface ConfinedCommand {
  readonly command: readonly string[]
  /** Where its volume is mounted; of other volumes it sees none. */
  readonly directory: string
  /** A mount that it sees at a second path too. */
  readonly bind?: { readonly source: string; readonly target: string } | undefined
  /** Its current directory. */
  readonly scratch: string
  /** A command that runs longer hangs. */
  readonly limitMs: number
}

/** How a command has ended. */
export interface Ended {
  /** null: by a signal. */
  readonly exitCode: number | null
  /** It was killed because it did not end. */
  readonly hung: boolean
  readonly stdout: string
  readonly stderr: string
}

/** English messages without colours. Nothing else of our environment changes what the tools do. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', NO_COLOR: '1', HOME: '/root' }

const namespaces = ['unshare', '--ipc', '--pid', '--fork', '--mount-proc']

/** As process 1, so that all that the tool has started ends with it. */
const init = ['sh', '-c', '"$@"; exit $?', 'sh']

/** Processes that the kernel has killed may take some time to end. */
const GONE_LIMIT_MS = 30_000
const LOOK_EVERY_MS = 5

/**
 * Runs a tool of others in namespaces of its own for processes, mounts and System V IPC: whatever it leaves
 * there goes with them. None of its processes is left when this returns, also when it is interrupted.
 * @throws the signal's reason when aborted
 */
export async function runConfined(
  { command, directory, bind, scratch, limitMs }: ConfinedCommand,
  signal: AbortSignal,
): Promise<Ended> {
  signal.throwIfAborted()
  const setUp = bind ? [`mount --bind '${bind.source}' '${bind.target}'`] : []
  const [program = '', ...args] = [...ownNamespace(directory, ...setUp), ...namespaces, ...init, ...command]
  // In a group of its own, which can be killed, and which Ctrl-C does not reach.
  const child = spawn(program, args, {
    cwd: scratch,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const limit = AbortSignal.timeout(limitMs)
  const stop = AbortSignal.any([signal, limit])
  const kill = (): void => {
    signalGroup(child.pid, 'SIGKILL')
  }
  stop.addEventListener('abort', kill)
  const [exitCode] = (await once(child, 'close')) as [number | null]
  stop.removeEventListener('abort', kill)
  // Otherwise process 1 has ended by itself, and before that the kernel has ended all others.
  if (stop.aborted) await untilGone(child.pid)
  signal.throwIfAborted()
  return { exitCode, hung: limit.aborted, ...output }
}

/** Their output is closed a moment before the file systems that they use. */
async function untilGone(group: number | undefined): Promise<void> {
  const end = performance.now() + GONE_LIMIT_MS
  while (signalGroup(group, 0) && performance.now() < end) await sleep(LOOK_EVERY_MS)
}

/** @returns whether it has processes */
function signalGroup(group: number | undefined, signal: 'SIGKILL' | 0): boolean {
  if (group === undefined) return false
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    if (hasErrno(error, 'ESRCH')) return false
    throw error
  }
}
