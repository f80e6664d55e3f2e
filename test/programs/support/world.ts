import { chmod } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DriverProcess, type PoolEntry } from '../../harness/driver-process.ts'
import { Workspace } from '../../harness/workspace.ts'
import { RestartingDriver } from '../../soak/restarting-driver.ts'
import { SoakHost } from '../../soak/soak-host.ts'
import { autocleared, leftovers } from '../../support/leftovers.ts'
import { patientClient } from './patient-client.ts'

/** The name of a pool that is an image. */
export const IMAGE_POOL = 'instant'

export interface WorldOptions {
  /** Where all files go. */
  readonly parent: string
  /** The driver's main file. */
  readonly driver: string
  readonly signal: AbortSignal
}

/** A machine for programs: a directory, and a driver that may be killed at any time. */
export class World implements AsyncDisposable {
  /** Below it is everything. */
  readonly path: string
  readonly signal: AbortSignal
  readonly #main: string
  readonly #resources: AsyncDisposableStack
  readonly #disks: AsyncDisposableStack
  readonly #pools = new Map<string, string>()
  #running: { readonly driver: RestartingDriver; readonly host: SoakHost } | undefined

  private constructor(path: string, { driver, signal }: WorldOptions, resources: AsyncDisposableStack) {
    this.path = path
    this.signal = signal
    this.#main = driver
    this.#resources = resources
    this.#disks = resources.use(new AsyncDisposableStack())
  }

  /** Without a driver. */
  static async open(options: WorldOptions): Promise<World> {
    await using undo = new AsyncDisposableStack()
    const workspace = undo.use(await Workspace.open(options.parent, 'programs'))
    const path = await workspace.directory('node')
    // Programs run as other users than root.
    await chmod(dirname(path), 0o711)
    return new World(path, options, undo.move())
  }

  /** Starts the driver. Its pools are `default` and these, which have paths or are images. */
  async start(pools: Readonly<Record<string, PoolEntry>>): Promise<void> {
    const dataDir = join(this.path, 'data')
    this.#pools.set('default', join(dataDir, 'pools', 'default'))
    for (const [name, { path }] of Object.entries(pools))
      this.#pools.set(name, path ?? join(dataDir, 'mounts', name))
    const start = () => DriverProcess.start(this.#main, dataDir, pools)
    const driver = this.#resources.use(await RestartingDriver.start(start))
    const host = new SoakHost(this.path, dataDir, patientClient(driver.client, this.signal))
    this.#running = { driver, host }
  }

  /** The directory of a pool. */
  directoryOf(pool: string): string {
    const directory = this.#pools.get(pool)
    if (directory === undefined) throw new Error(`there is no pool ${pool}`)
    return directory
  }

  get host(): SoakHost {
    return this.#started.host
  }

  get driver(): RestartingDriver {
    return this.#started.driver
  }

  /** Before the driver is started: what is below it, and is removed when it has ended. */
  defer(remove: () => Promise<void>): void {
    this.#disks.defer(remove)
  }

  /**
   * Ends the driver, when nothing uses its volumes any more.
   * @throws Error when it has left something
   */
  async close(): Promise<void> {
    await this.host.tidy()
    await this.driver[Symbol.asyncDispose]()
    await autocleared(this.path)
    await this.#disks.disposeAsync()
    const { devices, mounts, processes } = await leftovers(this.path)
    const left = [...devices, ...mounts, ...processes]
    if (left.length > 0) throw new Error(`the driver has left ${left.join(', ')}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync()
  }

  get #started() {
    if (!this.#running) throw new Error('the driver is not started')
    return this.#running
  }
}
