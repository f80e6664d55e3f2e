import { mkdir } from 'node:fs/promises'
import type { Logger } from 'pino'
import { formatBytes } from '../bytes.ts'
import { VolumeError, hasErrno } from '../errors.ts'
import type { VolumeId } from '../ids.ts'
import { PoolDirectory } from './directory.ts'
import { claimDirectory } from './claim.ts'
import { availableBytes, type PoolLimits, type PoolUsage } from './space.ts'
import type { ImageFiles } from '../ports.ts'
import type { Provisioning, Volume } from '../volume.ts'

export interface PoolConfig {
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly limits: PoolLimits
}

/** How old a measurement may be: it costs a stat(2) per volume. */
const MEASUREMENT_MAX_AGE_MS = 10_000

/** A directory of volumes with its limits. While a pool is open no other process can open it. */
export class Pool implements AsyncDisposable {
  readonly name: string
  readonly directory: PoolDirectory
  readonly #limits: PoolLimits
  readonly #files: ImageFiles
  readonly #lock: AsyncDisposable
  readonly #volumes = new Map<VolumeId, Volume>()
  readonly damaged: ReadonlyMap<VolumeId, string>
  #promisedBytes = 0n
  #measured = { freeBytes: 0n, allocatedBytes: 0n, at: -Infinity }

  private constructor(
    config: PoolConfig,
    directory: PoolDirectory,
    files: ImageFiles,
    lock: AsyncDisposable,
    loaded: Awaited<ReturnType<PoolDirectory['load']>>,
  ) {
    this.name = config.name
    this.directory = directory
    this.#limits = config.limits
    this.#files = files
    this.#lock = lock
    this.damaged = loaded.damaged
    for (const volume of loaded.volumes) this.#remember(volume)
  }

  /** @throws VolumeError failed-precondition when the directory is in use, not a pool, or a newer driver's */
  static async open(config: PoolConfig, files: ImageFiles, log: Logger): Promise<Pool> {
    await mkdir(config.path, { recursive: true, mode: 0o700 })
    const lock = await files.lock(config.path)
    if (!lock) {
      throw new VolumeError(
        'failed-precondition',
        `pool "${config.name}": ${config.path} is in use by another driver process; two on one pool would mix up data`,
      )
    }
    try {
      await claimDirectory(config.name, config.path)
      const directory = new PoolDirectory(config.name, config.path, files, log)
      const loaded = await directory.load()
      for (const [id, reason] of loaded.damaged)
        log.error({ pool: config.name, volume: id, reason }, 'volume cannot be used')
      return new Pool(config, directory, files, lock, loaded)
    } catch (error) {
      await lock[Symbol.asyncDispose]()
      throw error
    }
  }

  get size(): number {
    return this.#volumes.size
  }

  volumes(): IterableIterator<Volume> {
    return this.#volumes.values()
  }

  get(id: VolumeId): Volume | undefined {
    return this.#volumes.get(id)
  }

  image(volume: Volume): string {
    return this.directory.image(volume.id)
  }

  /** What is in use; what others do to the disk shows after at most ten seconds. */
  async usage(): Promise<PoolUsage> {
    await this.#measureIfOld()
    return this.#usage()
  }

  /** Bytes that a new volume can have at most. */
  async available(provisioning: Provisioning): Promise<bigint> {
    await this.#measureIfOld()
    return this.#available(provisioning)
  }

  /** @throws VolumeError resource-exhausted */
  async create(volume: Volume, signal: AbortSignal): Promise<void> {
    await this.#promise(volume.capacityBytes, volume.provisioning, 'resource-exhausted')
    try {
      await this.directory.create(volume, signal)
    } catch (error) {
      this.#promisedBytes -= volume.capacityBytes
      throw this.#full(error, 'resource-exhausted')
    }
    this.#volumes.set(volume.id, volume)
  }

  /** Makes the volume's image larger. @throws VolumeError out-of-range, which lets a user ask for less */
  async grow(volume: Volume, capacityBytes: bigint, signal: AbortSignal): Promise<Volume> {
    const extra = capacityBytes - volume.capacityBytes
    await this.#promise(extra, volume.provisioning, 'out-of-range')
    try {
      await this.#files.grow(this.image(volume), capacityBytes, volume.provisioning === 'thick', signal)
    } catch (error) {
      this.#promisedBytes -= extra
      throw this.#full(error, 'out-of-range')
    }
    const grown = { ...volume, capacityBytes }
    this.#volumes.set(volume.id, grown)
    await this.directory.update(grown)
    return grown
  }

  /** Removes a volume whose image nobody uses: the caller holds its lock. */
  async remove(volume: Volume): Promise<void> {
    await this.directory.remove(volume.id)
    this.#volumes.delete(volume.id)
    this.#promisedBytes -= volume.capacityBytes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.directory.settle()
    await this.#lock[Symbol.asyncDispose]()
  }

  #remember(volume: Volume): void {
    this.#volumes.set(volume.id, volume)
    this.#promisedBytes += volume.capacityBytes
  }

  /**
   * Takes the bytes out of what is available. Nothing is awaited between the look and the taking, so that two requests
   * at once cannot both have them.
   */
  async #promise(
    bytes: bigint,
    provisioning: Provisioning,
    kind: 'resource-exhausted' | 'out-of-range',
  ): Promise<void> {
    await this.#measureIfOld()
    if (bytes > this.#available(provisioning)) await this.#measure()
    const available = this.#available(provisioning)
    if (bytes > available) {
      throw new VolumeError(
        kind,
        `pool "${this.name}" has ${formatBytes(available)} for ${provisioning} volumes; ${formatBytes(bytes)} are needed. Ask for less, delete volumes, or raise the pool's size or overcommit`,
      )
    }
    this.#promisedBytes += bytes
  }

  #usage(): PoolUsage {
    const { freeBytes, allocatedBytes } = this.#measured
    return { promisedBytes: this.#promisedBytes, allocatedBytes, freeBytes }
  }

  #available(provisioning: Provisioning): bigint {
    return availableBytes(this.#limits, this.#usage(), provisioning)
  }

  async #measureIfOld(): Promise<void> {
    if (performance.now() - this.#measured.at > MEASUREMENT_MAX_AGE_MS) await this.#measure()
  }

  #full(error: unknown, kind: 'resource-exhausted' | 'out-of-range'): unknown {
    if (!hasErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG')) return error
    return new VolumeError(kind, `pool "${this.name}": the disk under ${this.directory.path} is full`, {
      cause: error,
    })
  }

  /** Both figures at one time: a byte that a volume writes moves from the one to the other. */
  async #measure(): Promise<void> {
    const sizes = await Promise.all(
      [...this.volumes()].map((volume) =>
        this.#files.size(this.image(volume)).catch(() => ({ allocated: 0n })),
      ),
    )
    const { bytes } = await this.#files.usage(this.directory.path)
    const allocatedBytes = sizes.reduce((sum, { allocated }) => sum + allocated, 0n)
    this.#measured = { freeBytes: bytes.available, allocatedBytes, at: performance.now() }
  }
}
