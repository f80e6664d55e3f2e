import { spawn } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { buffer, text } from 'node:stream/consumers'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandWishes {
  /** A command that runs the one after it, such as `unshare --mount`. */
  readonly within?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A file that it reads as its standard input. */
  readonly stdin?: string
  /** A file that its standard output goes to. */
  readonly stdout?: string
}

/** Runs `csi-driver-loop` with these arguments to its end, without a terminal. */
export async function commandLine(
  args: readonly string[],
  { within = [], env = {}, stdin, stdout }: CommandWishes = {},
): Promise<CommandResult> {
  const [command = '', ...rest] = [...within, process.execPath, MAIN, ...args]
  const clean = { ...process.env, CSI_ENDPOINT: undefined, NODE_NAME: undefined, FORCE_COLOR: undefined }
  const child = spawn(command, rest, { env: { ...clean, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  // A command that ends before it has read everything reports that by its exit code.
  const fed =
    stdin === undefined
      ? child.stdin.end()
      : pipeline(createReadStream(stdin), child.stdin).catch(() => undefined)
  const [out, stderr] = await Promise.all([
    stdout === undefined ? buffer(child.stdout) : pipeline(child.stdout, createWriteStream(stdout)),
    text(child.stderr),
    fed,
  ])
  return { code: await ended, stdout: out?.toString() ?? '', stderr }
}
