import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Workspace } from './workspace.ts'

const START_MS = 15_000
const STOP_MS = 10_000

/** How much of the end of the driver's log is kept, for a failure. */
const LOG_BYTES = 2000

const mainScript = join(import.meta.dirname, '../src/main.ts')

/** The real driver: `csi-driver-loop node`, as a process of its own. */
export class DriverProcess {
  readonly #child: ChildProcess
  #log = ''
  #end: string | undefined

  private constructor(child: ChildProcess) {
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#log = (this.#log + chunk.toString()).slice(-LOG_BYTES)
      })
    }
    child.once('exit', (code, signal) => {
      this.#end = signal ?? `exit code ${code}`
    })
    child.once('error', (error) => {
      this.#end ??= error.message
    })
  }

  /** Starts the driver; `ready` waits until it can be called. */
  static start({ socket, nodeId, data }: Workspace): DriverProcess {
    const args = ['node', '--endpoint', `unix://${socket}`, '--node-id', nodeId, '--data-dir', data]
    // In a process group of its own: Ctrl-C in a terminal signals only the demo, which then stops the driver.
    const child = spawn(process.execPath, [mainScript, ...args, '--log-level', 'warn'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new DriverProcess(child)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** The exit code, or the name of the signal that ended it; undefined while it runs. */
  get end(): string | undefined {
    return this.#end
  }

  /** The last lines of its log. */
  get log(): string[] {
    return this.#log.split('\n').filter((line) => line !== '')
  }

  /** Waits until it serves the socket. @throws Error when it ends instead, or takes too long */
  async ready(socket: string, signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + START_MS
    while (!(await accepts(socket))) {
      if (this.#end !== undefined)
        throw new Error(`the driver ended (${this.#end}) before it served ${socket}`)
      if (Date.now() > deadline) throw new Error(`the driver does not serve ${socket}`)
      await setTimeout(5, undefined, { signal })
    }
  }

  /**
   * Stops the driver, and kills it with its child processes if that takes too long.
   * @returns how it ended
   */
  async stop(): Promise<string> {
    if (this.#end === undefined) {
      const exit = once(this.#child, 'exit')
      this.#child.kill('SIGTERM')
      await Promise.race([exit, setTimeout(STOP_MS, undefined, { ref: false })])
      if (this.end === undefined) this.#killGroup()
      await exit
    }
    return this.#end ?? 'unknown'
  }

  #killGroup(): void {
    if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL')
  }
}

/** Whether a process listens. The socket exists a moment earlier than that. */
async function accepts(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
