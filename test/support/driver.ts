import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connect, type CsiClient } from '../../src/csi/client.ts'
import { tool } from '../tool.ts'
import { makeSparse } from './images.ts'
import { autocleared, leftovers, removeAll, type Leftovers } from './leftovers.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

export interface LogLine {
  readonly msg: string
  readonly [key: string]: unknown
}

/** `csi-driver-loop` as a process of its own. */
export class DriverProcess {
  readonly exited: Promise<Exit>
  readonly log: LogLine[] = []
  readonly #child: ChildProcess
  readonly #serving = Promise.withResolvers<undefined>()

  /** @param within a command that runs the one after it, such as `unshare --mount` */
  constructor(args: readonly string[], within: readonly string[] = []) {
    const [command = '', ...rest] = [...within, process.execPath, MAIN, ...args]
    const env = { ...process.env, CSI_ENDPOINT: undefined, NODE_NAME: undefined }
    const child = spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    createInterface(child.stdout).on('line', (line) => {
      this.#read(line)
    })
    this.#child = child
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        resolve({ code, signal, stderr })
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** @throws when it ends before it serves */
  async serving(): Promise<void> {
    const early = this.exited.then((exit) => {
      throw new Error(`the driver ended before it served: ${JSON.stringify(exit)}`)
    })
    await Promise.race([this.#serving.promise, early])
  }

  async end(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal)
    return this.exited
  }

  #read(line: string): void {
    if (!line.startsWith('{')) return
    const entry = JSON.parse(line) as LogLine
    this.log.push(entry)
    if (entry.msg === 'serving') this.#serving.resolve(undefined)
  }
}

/** Runs the command line to its end; a driver that serves, against all expectation, is ended. */
export async function runMain(...args: string[]): Promise<Exit> {
  const driver = new DriverProcess(args)
  driver.serving().then(
    () => driver.end('SIGTERM'),
    () => undefined,
  )
  return driver.exited
}

export interface NodeOptions {
  /** More arguments for `node`. */
  readonly args?: readonly string[]
  readonly within?: readonly string[]
}

/** What a node's directory lies on, where it is not to be the machine's own disk. */
export interface Disk {
  /** `xfs` and `btrfs` share blocks, `ext4` does not. */
  readonly type: 'ext4' | 'xfs' | 'btrfs'
  readonly bytes: number
}

/**
 * A directory for one test or file, with a driver in it that can be ended and started again, and a client of
 * it.
 */
export class TestNode implements AsyncDisposable {
  readonly path: string
  readonly socket: string
  readonly dataDir: string
  client: CsiClient
  #driver: DriverProcess | undefined

  private constructor(path: string) {
    this.path = path
    this.socket = join(path, 'csi.sock')
    this.dataDir = join(path, 'data')
    this.client = connect(`unix:${this.socket}`)
  }

  /** The directory, and no driver yet. */
  static async make(disk?: Disk): Promise<TestNode> {
    const node = new TestNode(await realpath(await mkdtemp(join(tmpdir(), 'csi-loop-'))))
    if (disk) await node.#mountDisk(disk)
    return node
  }

  /** In this directory, as an earlier machine with this disk had it. */
  static async at(path: string): Promise<TestNode> {
    await mkdir(path, { recursive: true })
    return new TestNode(path)
  }

  static async start({
    disk,
    ...options
  }: NodeOptions & { readonly disk?: Disk | undefined } = {}): Promise<TestNode> {
    const node = await TestNode.make(disk)
    try {
      await node.start(options)
      return node
    } catch (error) {
      await node[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The id is the directory's name, so that no two tests make the same volume ids. */
  get id(): string {
    return basename(this.path)
  }

  get driver(): DriverProcess {
    if (!this.#driver) throw new Error('the driver is not started')
    return this.#driver
  }

  /** What `csi-driver-loop node` is called with. */
  get arguments(): string[] {
    return ['node', '--endpoint', `unix://${this.socket}`, '--node-id', this.id, '--data-dir', this.dataDir]
  }

  async start({ args = [], within = [] }: NodeOptions = {}): Promise<void> {
    this.#driver = new DriverProcess([...this.arguments, ...args], within)
    await this.#driver.serving()
    this.client.close()
    this.client = connect(`unix:${this.socket}`)
  }

  /** Kills the driver as the kernel would, then restarts it. */
  async crash(options: NodeOptions = {}): Promise<void> {
    await this.driver.end('SIGKILL')
    await this.start(options)
  }

  async directory(...names: string[]): Promise<string> {
    const path = join(this.path, ...names)
    await mkdir(path, { recursive: true })
    return path
  }

  /** What is in a pool's directory of volumes or snapshots, unfinished and doomed ones too. */
  files(pool = 'default', folder: 'volumes' | 'snapshots' = 'volumes'): Promise<string[]> {
    return readdir(join(this.dataDir, 'pools', pool, folder))
  }

  /** What is on the machine of this node now; its driver too, while it runs. */
  left(): Promise<Leftovers> {
    return leftovers(this.path)
  }

  /** Ends the driver and returns what it has left behind. */
  async stop(): Promise<Leftovers> {
    this.client.close()
    await this.#driver?.end('SIGTERM')
    await autocleared(this.path)
    return this.left()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close()
    await this.#driver?.end('SIGKILL')
    await removeAll(this.path)
    await rm(this.#image, { force: true })
  }

  /** Beside the directory, so that it is none of what a driver can leave in there. */
  get #image(): string {
    return `${this.path}.img`
  }

  async #mountDisk({ type, bytes }: Disk): Promise<void> {
    await makeSparse(this.#image, bytes)
    // Without blocks reserved for root: these do not count as free, and the driver is root.
    await tool(`mkfs.${type}`, '-q', ...(type === 'ext4' ? ['-b', '4096', '-m', '0'] : []), this.#image)
    await tool('mount', '-o', 'loop', this.#image, this.path)
  }
}
