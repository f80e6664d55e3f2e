/** How a command ended other than well: with an exit code, by a signal, or because its time was over. */
export interface CommandEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** Set when run() killed it because it was still running after this many milliseconds. */
  readonly timeoutMs: number | undefined
}

/** A command that ran and failed. The message is a sentence that ends with the command's own last words. */
export class CommandError extends Error {
  readonly command: string
  readonly args: readonly string[]
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string

  constructor(command: string, args: readonly string[], end: CommandEnd, stdout: string, stderr: string) {
    // e2fsck writes what is wrong to its standard output, all others to standard error.
    const words = lastLines(stderr) || lastLines(stdout)
    super([`${[command, ...args].join(' ')} ${describe(end)}`, words].filter(Boolean).join(': '))
    this.name = 'CommandError'
    this.command = command
    this.args = args
    this.exitCode = end.exitCode
    this.signal = end.signal
    this.stdout = stdout
    this.stderr = stderr
  }
}

function describe({ exitCode, signal, timeoutMs }: CommandEnd): string {
  if (timeoutMs !== undefined) return `was killed because it took longer than ${timeoutMs / 1000} seconds`
  if (signal) return `was ended by ${signal}`
  return `failed with exit code ${exitCode ?? 'unknown'}`
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
