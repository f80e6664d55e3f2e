import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { text } from 'node:stream/consumers'

/** The result of a command. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs kubectl, which has its own configuration, credentials and credential plugins. */
export class Kubectl {
  readonly #flags: readonly string[]

  /** @param flags of every call: they choose the cluster and the user */
  constructor(flags: readonly string[]) {
    this.#flags = flags
  }

  /** @returns what `kubectl get … --output=json` prints @throws Error with kubectl's message */
  async get<T>(...args: readonly string[]): Promise<T> {
    const { code, stderr, stdout } = await this.run(['get', ...args, '--output=json'])
    if (code !== 0) throw new Error(stderr.trim())
    return JSON.parse(stdout) as T
  }

  async run(args: readonly string[]): Promise<Outcome> {
    const child = this.#spawn(args, ['ignore', 'pipe', 'pipe'])
    const [code, stdout, stderr] = await Promise.all([
      endOf(child),
      textOf(child.stdout),
      textOf(child.stderr),
    ])
    return { code, stdout, stderr }
  }

  /** @returns the process, and its exit code */
  start(args: readonly string[], stdio: StdioOptions): { child: ChildProcess; ended: Promise<number> } {
    const child = this.#spawn(args, stdio)
    return { child, ended: endOf(child) }
  }

  #spawn(args: readonly string[], stdio: StdioOptions): ChildProcess {
    return spawn('kubectl', [...this.#flags, ...args], { stdio })
  }
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new Error(`kubectl cannot be run: ${cause.message}`, { cause }))
    })
    child.once('close', (code) => {
      resolve(code ?? 1)
    })
  })
}

async function textOf(stream: ChildProcess['stdout']): Promise<string> {
  return stream ? await text(stream) : ''
}
