import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { tool } from '../../tool.ts'
import type { Ending } from '../support/database.ts'
import { asUser } from './installation.ts'

/**
 * Durable as PostgreSQL is by default. Small, and with many checkpoints, so that a copy may be of any moment
 * between two of them.
 */
const settings = [
  'listen_addresses=',
  'shared_buffers=16MB',
  'max_connections=20',
  'min_wal_size=32MB',
  'max_wal_size=64MB',
  'checkpoint_timeout=30s',
  'restart_after_crash=off',
  // Goes with the IPC namespace; POSIX shared memory would stay in /dev/shm after SIGKILL.
  'dynamic_shared_memory_type=sysv',
]

const LOOK_EVERY_MS = 50
const LOG_LINES = 12

interface Place {
  /** Where the programs are. */
  readonly bin: string
  /** The data directory. */
  readonly data: string
  /** A directory for the socket and the log, of the server's user. */
  readonly run: string
}

/**
 * A server in PID and IPC namespaces of its own, as in a container: when its first process has ended, the
 * kernel has ended all of them, and its volumes are not in use.
 */
export class Postgres implements AsyncDisposable {
  readonly #unshare: ChildProcess
  readonly #place: Place

  private constructor(unshare: ChildProcess, place: Place) {
    this.#unshare = unshare
    this.#place = place
  }

  /** @returns when it has recovered, and takes connections. @throws Error with the end of its log */
  static async start(place: Place): Promise<Postgres> {
    const args = ['-D', place.data, '-k', place.run, ...settings.flatMap((setting) => ['-c', setting])]
    await using log = await open(join(place.run, 'log'), 'a')
    const command = asUser(join(place.bin, 'postgres'), ...args)
    const unshare = spawn('unshare', ['--pid', '--ipc', '--fork', '--kill-child', '--', ...command], {
      cwd: '/',
      detached: true,
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', log.fd, log.fd],
    })
    const server = new Postgres(unshare, place)
    try {
      await server.#answering()
      return server
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  /** @throws Error when a server that is to stop has crashed */
  async end(how: Ending): Promise<void> {
    // SIGINT: "Fast Shutdown" (PostgreSQL documentation, "Shutting Down the Server").
    const code = await this.#signal(how === 'stop' ? 'SIGINT' : 'SIGKILL')
    if (how === 'stop' && code !== 0) throw new Error(`the server has not shut down: ${await this.#log()}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#signal('SIGKILL')
  }

  async #answering(): Promise<void> {
    const { bin, run } = this.#place
    while (!(await succeeds(join(bin, 'pg_isready'), '--quiet', '--host', run))) {
      if (this.#hasEnded) throw new Error(`the server has ended: ${await this.#log()}`)
      await setTimeout(LOOK_EVERY_MS)
    }
  }

  get #hasEnded(): boolean {
    return this.#unshare.exitCode !== null || this.#unshare.signalCode !== null
  }

  /** Sends it to the first process, and waits for the end of all. @returns the exit code */
  async #signal(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.#hasEnded) {
      const ended = once(this.#unshare, 'exit')
      const first = await this.#firstProcess()
      if (first === undefined) this.#unshare.kill('SIGKILL')
      else killIfThere(first, signal)
      await ended
    }
    return this.#unshare.exitCode
  }

  /** unshare's only child; undefined before it has forked. */
  async #firstProcess(): Promise<number | undefined> {
    const { pid } = this.#unshare
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
    return children === '' ? undefined : Number(children.trim())
  }

  async #log(): Promise<string> {
    const log = await readFile(join(this.#place.run, 'log'), 'utf8')
    return log.trim().split('\n').slice(-LOG_LINES).join('\n')
  }
}

function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has just ended.
  }
}

function succeeds(command: string, ...args: string[]): Promise<boolean> {
  return tool(command, ...args).then(
    () => true,
    () => false,
  )
}
