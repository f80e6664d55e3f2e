import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

export interface CommandEnd {
  /** Null after a kill. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** `csi-driver-loop` with these arguments, which can be killed. */
export class Command {
  readonly ended: Promise<CommandEnd>
  readonly kill: () => void

  constructor(within: readonly string[], args: readonly string[]) {
    const [command = '', ...rest] = [...within, process.execPath, MAIN, ...args]
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
    const code = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    this.ended = Promise.all([code, text(child.stdout), text(child.stderr)]).then(
      ([code, stdout, stderr]) => ({
        code,
        stdout,
        stderr,
      }),
    )
    this.kill = () => child.kill('SIGKILL')
  }
}
