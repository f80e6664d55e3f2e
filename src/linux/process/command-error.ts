/** How a command failed: by an exit code, by a signal, or by a timeout. */
export interface CommandEnd {
  readonly pid: number
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** False when it was killed and still did not end. */
  readonly hasEnded: boolean
  /** Set when it was killed because it was still running after this many milliseconds. */
  readonly limitMs: number | undefined
  /** Set when it was killed because it had done nothing for this many milliseconds. */
  readonly stalledMs: number | undefined
  /** True when it was killed because the call was cancelled. */
  readonly wasStopped: boolean
}

/** A command that ran and failed. The message ends with the last lines of the command's output. */
export class CommandError extends Error {
  readonly command: string
  readonly args: readonly string[]
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string

  constructor(command: string, args: readonly string[], end: CommandEnd, stdout: string, stderr: string) {
    // e2fsck writes errors to standard output, all other tools to standard error.
    const output = lastLines(stderr) || lastLines(stdout)
    super([`${[command, ...args].join(' ')} ${describe(end)}`, output].filter(Boolean).join(': '))
    this.name = 'CommandError'
    this.command = command
    this.args = args
    this.exitCode = end.exitCode
    this.signal = end.signal
    this.stdout = stdout
    this.stderr = stderr
  }
}

function describe(end: CommandEnd): string {
  const { exitCode, signal, hasEnded, pid } = end
  const reason = reasonOfKill(end)
  if (!hasEnded)
    return `was killed${reason}, and has not ended: process ${pid} waits in the kernel, probably for a disk that does not answer`
  if (reason !== '') return `was killed${reason}`
  if (signal === 'SIGKILL')
    return 'was ended by SIGKILL, which the driver did not send: probably there was not enough memory; raise the memory limit of its container'
  if (signal) return `was ended by ${signal}`
  return `failed with exit code ${exitCode ?? 'unknown'}`
}

function reasonOfKill({ limitMs, stalledMs, wasStopped }: CommandEnd): string {
  if (limitMs !== undefined) return ` because it took longer than ${limitMs / 1000} seconds`
  if (stalledMs !== undefined) return ` because it did nothing for ${stalledMs / 1000} seconds`
  return wasStopped ? ' because the call was cancelled' : ''
}

const SHOWN_LINES = 3

/** The end of an output on one line: tools print a banner first and the reason last. */
function lastLines(output: string): string {
  const lines = output.split('\n').map((line) => line.trim())
  return lines
    .filter((line) => line !== '')
    .slice(-SHOWN_LINES)
    .join(' ')
}

const START_FAILURE = /^Worker initialization failure: (?<errno>E[A-Z]+)$/

/**
 * The error of a worker thread, with an errno where the thread could not be started: Node has it in the
 * message alone (ERR_WORKER_INIT_FAILED).
 */
export function workerError(error: unknown): unknown {
  const errno = Error.isError(error) ? START_FAILURE.exec(error.message)?.groups?.['errno'] : undefined
  if (errno === undefined) return error
  return Object.assign(new Error(`${errno}: a thread cannot be started`, { cause: error }), { code: errno })
}
