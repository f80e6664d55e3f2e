import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { CAP_SYS_RESOURCE, hasCapability } from '../../../src/linux/process/capabilities.ts'
import { mountCapability, MiB, TestVolume } from '../../support/volume.ts'
import type { FsType } from '../../../src/volumes/model/ports/file-systems.ts'
import type { VolumeContentSourceInit } from '../../../src/csi/generated/csi/v1/VolumeContentSource.ts'
import type { Database, Ending, Server } from './database.ts'
import { difference, Ledger, type Numbers } from './ledger.ts'
import { Load } from './load.ts'
import type { World } from './world.ts'

const EXPANSION_BYTES = 64 * MiB

interface VolumeOptions {
  readonly name: string
  readonly fsType: FsType
  readonly pool: string
}

/** The volumes of one database, used as by a pod. */
export class PodVolumes implements AsyncDisposable {
  readonly options: VolumeOptions
  readonly volumes: readonly TestVolume[]
  readonly #directory: string
  readonly #sizes: number[]

  constructor(
    world: World,
    options: VolumeOptions,
    sizes: readonly number[],
    sources: readonly VolumeContentSourceInit[] = [],
  ) {
    const { name, fsType, pool } = options
    this.options = options
    this.#directory = world.directoryOf(pool)
    this.#sizes = [...sizes]
    this.volumes = sizes.map((bytes, index) => {
      const source = sources[index]
      const wishes = { capability: mountCapability(fsType), bytes, parameters: { pool } }
      return new TestVolume(world.host, `${name}-${index}`, source ? { ...wishes, source } : wishes)
    })
  }

  /** The files of the volumes. */
  get images(): readonly string[] {
    return this.volumes.map(({ id }) => join(this.#directory, 'volumes', id, 'disk.img'))
  }

  /** In bytes. */
  get sizes(): readonly number[] {
    return [...this.#sizes]
  }

  async create(): Promise<void> {
    for (const volume of this.volumes) await volume.create()
  }

  /** @returns where they are */
  async mount(): Promise<string[]> {
    const targets: string[] = []
    for (const volume of this.volumes) {
      await volume.stage()
      targets.push(await volume.publish())
    }
    return targets
  }

  async unmount(): Promise<void> {
    for (const volume of this.volumes) {
      await volume.unpublish()
      await volume.unstage()
    }
  }

  /** While they are used. */
  async expand(): Promise<void> {
    for (const [index, volume] of this.volumes.entries()) {
      const bytes = (this.#sizes[index] ?? 0) + EXPANSION_BYTES
      // From now on a copy has to be as large.
      this.#sizes[index] = bytes
      await volume.expand(bytes, volume.target()).catch((error: unknown) => {
        if (!growsLater(this.options.fsType, error)) throw error
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const volume of this.volumes) await volume[Symbol.asyncDispose]()
  }
}

/** A mounted ext4 cannot grow where root lacks the capability, as in some sandboxes; the next stage can. */
function growsLater(fsType: FsType, error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return fsType === 'ext4' && !hasCapability(CAP_SYS_RESOURCE) && code === status.FAILED_PRECONDITION
}

/** A database on volumes, under load: a pod that can be moved. Disposing kills it and deletes its volumes. */
export class Pod implements AsyncDisposable {
  readonly database: Database
  readonly ledger: Ledger
  readonly volumes: PodVolumes
  readonly #signal: AbortSignal
  #running: { readonly server: Server; readonly load: Load } | undefined

  private constructor(database: Database, volumes: PodVolumes, signal: AbortSignal) {
    this.database = database
    this.ledger = new Ledger(database.clients)
    this.volumes = volumes
    this.#signal = signal
  }

  /** Makes the volumes, and the database in them; it is not started. */
  static async create(world: World, database: Database, options: VolumeOptions): Promise<Pod> {
    const volumes = new PodVolumes(world, options, database.sizes)
    const pod = new Pod(database, volumes, world.signal)
    try {
      await volumes.create()
      await database.create(await volumes.mount())
      await volumes.unmount()
      return pod
    } catch (error) {
      await using _ = pod
      throw error
    }
  }

  /**
   * Mounts the volumes, starts the database and its load.
   * @throws Error when it has not all that it had acknowledged
   */
  async start(): Promise<void> {
    const server = await this.database.start(await this.volumes.mount())
    try {
      this.ledger.resume(server.found)
    } catch (error) {
      await server.end('kill')
      throw error
    }
    this.#running = { server, load: new Load(server.clients, this.ledger) }
  }

  get load(): Load {
    if (!this.#running) throw new Error('the database is not started')
    return this.#running.load
  }

  /** Waits until each client has done so many more transactions. */
  advance(transactions: number): Promise<void> {
    return this.load.advance(transactions, this.#signal)
  }

  /** Ends it, and unmounts the volumes. */
  async end(how: Ending): Promise<void> {
    await this.#endServer(how)
    await this.volumes.unmount()
  }

  /** As when a pod is evicted, and the next one comes to the same node. */
  async move(how: Ending): Promise<void> {
    await this.end(how)
    await this.start()
  }

  /** Mounts the volumes and has the database check itself. @throws Error when anything is corrupt or lost */
  async inspect(): Promise<Numbers> {
    const found = await this.database.inspect(await this.volumes.mount())
    const wrong = difference(found, this.ledger.acknowledged(), this.ledger.begun())
    if (wrong !== undefined) throw new Error(wrong)
    await this.volumes.unmount()
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using _ = this.volumes
    await this.#endServer('kill')
  }

  async #endServer(how: Ending): Promise<void> {
    if (!this.#running) return
    const { server, load } = this.#running
    load.stop()
    if (how === 'stop') await load.ended()
    this.#running = undefined
    await server.end(how)
    await load.ended()
  }
}
