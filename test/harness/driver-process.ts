import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, readdir, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { connect, type CsiClient } from '../../src/csi/client.ts'
import { residentBytes } from './process-figures.ts'

/** The volumes are sparse and stay nearly empty, so that a small disk can hold a thousand. */
const LIMITS = { overcommit: 1000, inline: { maxSize: '1Gi' } }

const START_PATIENCE_MS = 30_000
const STOP_PATIENCE_MS = 30_000
const LOOK_EVERY_MS = 2

/** As in the Dockerfile, with a smaller heap. */
const nodeFlags = ['--max-semi-space-size=1', '--max-old-space-size=64']

/** A pool beside the default one, in the words of the driver's configuration file. */
export interface PoolEntry {
  readonly path?: string
  readonly image?: { readonly size: string }
  readonly whenFull?: 'freeze' | 'fail'
}

/** What a driver process gets besides its arguments. */
interface Surroundings {
  /** Options of Node.js. */
  readonly flags?: readonly string[]
  /** Variables beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>
}

/** The driver as users run it: a process of its own behind its socket. */
export class DriverProcess implements AsyncDisposable {
  readonly client: CsiClient
  /** From the start of the process to its first answer. */
  readonly startedInMs: number
  /** The file of its log, JSON lines. */
  readonly log: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, client: CsiClient, startedInMs: number, log: string) {
    this.log = log
    this.#child = child
    this.client = client
    this.startedInMs = startedInMs
  }

  /**
   * Starts the node role.
   * @param main the driver's main file
   * @param directory for its pool, socket and log; what an earlier driver left there is used on
   * @param otherPools by name
   */
  static async start(
    main: string,
    directory: string,
    otherPools: Readonly<Record<string, PoolEntry>> = {},
    surroundings: Surroundings = {},
  ): Promise<DriverProcess> {
    await mkdir(directory, { recursive: true })
    const config = join(directory, 'config.yaml')
    await writeFile(config, configFile(otherPools))
    const args = ['node', '--node-id', 'bench', '--data-dir', directory, '--config', config]
    return await DriverProcess.serve(main, directory, args, surroundings)
  }

  /**
   * Starts a role that serves CSI.
   * @param args the role, and its options without `--endpoint`
   */
  static async serve(
    main: string,
    directory: string,
    args: readonly string[],
    { flags = nodeFlags, environment = {} }: Surroundings = {},
  ): Promise<DriverProcess> {
    await mkdir(directory, { recursive: true })
    const socket = join(directory, 'csi.sock')
    const logPath = join(directory, 'driver.log')
    await using log = await open(logPath, 'a')
    const start = performance.now()
    // In a group of its own: Ctrl-C must reach only us, and we stop it after its volumes are deleted.
    const child = spawn(process.execPath, [...flags, main, ...args, '--endpoint', `unix://${socket}`], {
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ['ignore', log.fd, log.fd],
    })
    await using undo = new AsyncDisposableStack()
    undo.defer(() => stop(child))
    await untilItAnswers(socket, child, logPath)
    const client = undo.use(connect(`unix://${socket}`))
    await client.identity.probe({})
    undo.move()
    return new DriverProcess(child, client, performance.now() - start, logPath)
  }

  /** What of its memory is in the machine's RAM, in bytes. */
  residentBytes(): Promise<number> {
    return residentBytes(this.pid)
  }

  async openFiles(): Promise<number> {
    return (await readdir(`/proc/${this.pid}/fd`)).length
  }

  /** As the kernel does it when there is no memory left (SIGKILL). */
  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
    this.client.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close()
    await stop(this.#child)
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the driver has no process')
    return this.#child.pid
  }
}

/** JSON, which is YAML too. */
function configFile(otherPools: Readonly<Record<string, PoolEntry>>): string {
  const pools = Object.entries({ default: {}, ...otherPools })
  const limited = pools.map(([name, entry]) => [name, { ...entry, ...LIMITS }] as const)
  return JSON.stringify({ pools: Object.fromEntries(limited) })
}

async function untilItAnswers(socket: string, child: ChildProcess, logPath: string): Promise<void> {
  const deadline = performance.now() + START_PATIENCE_MS
  while (!(await accepts(socket))) {
    if (hasEnded(child) || performance.now() > deadline) {
      const log = (await readFile(logPath, 'utf8')).trim().split('\n').slice(-3).join('\n')
      throw new Error(`the driver ${hasEnded(child) ? 'ended' : 'does not serve'}: ${log}`)
    }
    await setTimeout(LOOK_EVERY_MS)
  }
}

/** Not asked of gRPC, whose client would wait for a second after a failure. */
function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new Socket()
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
    socket.connect(path)
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = globalThis.setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS)
  await ended
  clearTimeout(timer)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
