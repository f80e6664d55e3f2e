import { spawn } from 'node:child_process'

export interface CommandOptions {
  readonly input?: string
  /** Its output goes to our stderr while it runs. */
  readonly isShown?: boolean
}

/** Runs a command without a shell. @returns its stdout @throws Error with the command line and its stderr */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await outcome(command, args, options)
  if (code === 0) return stdout
  throw new Error(`${[command, ...args].join(' ')} ended with ${code}: ${stderr.trim() || stdout.trim()}`)
}

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** As `run`, for commands that are meant to fail. */
export function outcome(
  command: string,
  args: readonly string[],
  { input, isShown = false }: CommandOptions = {},
): Promise<Outcome> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  if (isShown) {
    child.stdout.pipe(process.stderr, { end: false })
    child.stderr.pipe(process.stderr, { end: false })
  }
  // A command that ends before it has read everything reports that by its exit code.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code, stdout, stderr })
    })
  })
}
