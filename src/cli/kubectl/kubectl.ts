import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { text } from 'node:stream/consumers'

/** How a command ended. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs kubectl, so that its configuration, its credentials and its plugins for them count here, too. */
export class Kubectl {
  readonly #flags: readonly string[]

  /** @param flags that choose the cluster and the user, for every call */
  constructor(flags: readonly string[]) {
    this.#flags = flags
  }

  /** @returns what `kubectl get … --output=json` prints @throws Error with kubectl's own words */
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

  /**
   * Runs with the caller's own input and output, but for what `stdio` says.
   * @returns the process, and its exit code
   */
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
