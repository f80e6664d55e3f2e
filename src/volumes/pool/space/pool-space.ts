import { formatBytes } from '../../model/bytes.ts'
import { hasErrno, VolumeError } from '../../model/errors.ts'
import type { PoolImageConfig, PoolLimits } from '../../model/pool-config.ts'
import type { ImageFiles } from '../../model/ports/image-files.ts'
import type { Snapshot } from '../../model/snapshot.ts'
import type { Provisioning, Volume } from '../../model/volume.ts'
import type { RecordStore } from '../records/record-store.ts'
import { measurePool, type Images, type PoolMeasurement } from './measure.ts'
import { allocatableBytes, availableBytes, type PoolUsage } from './space.ts'

/** How old a measurement may be: it costs a stat(2) per image. */
const MEASUREMENT_MAX_AGE_MS = 10_000

/** With less free space no file system can be created. */
const FULL_BYTES = 1n << 20n

type Full = 'resource-exhausted' | 'out-of-range'

/** The part of a pool's configuration that is needed here. */
interface Space {
  readonly name: string
  readonly path: string
  readonly limits: PoolLimits
  readonly image?: PoolImageConfig | undefined
}

/** The space of a pool: what is allocated, and what is provisioned or reserved. */
export class PoolSpace {
  /** Whether thin volumes are frozen because the disk is full. */
  isFull = false
  readonly #pool: Space
  readonly #volumes: RecordStore<Volume>
  readonly #snapshots: RecordStore<Snapshot>
  readonly #files: ImageFiles
  #reservedBytes = 0n
  #measuring: Promise<void> | undefined
  #measured: PoolMeasurement & { at: number } = {
    freeBytes: 0n,
    allocatedBytes: 0n,
    snapshotBytes: 0n,
    imageBytes: new Map(),
    at: -Infinity,
  }

  constructor(
    pool: Space,
    volumes: RecordStore<Volume>,
    snapshots: RecordStore<Snapshot>,
    files: ImageFiles,
  ) {
    this.#pool = pool
    this.#volumes = volumes
    this.#snapshots = snapshots
    this.#files = files
  }

  /** The current usage; changes by other users of the disk appear within ten seconds. */
  async usage(): Promise<PoolUsage> {
    await this.#measureIfOld()
    return this.#usage()
  }

  /** Allocated bytes of each image, by the id of its volume or snapshot; as old as `usage`. */
  async imageBytes(): Promise<ReadonlyMap<string, bigint>> {
    await this.#measureIfOld()
    return this.#measured.imageBytes
  }

  /** The largest possible capacity of a new volume, in bytes. */
  async available(provisioning: Provisioning): Promise<bigint> {
    await this.#measureIfOld()
    return this.#available(provisioning)
  }

  /** Bytes that existing volumes may still allocate. */
  async allocatable(): Promise<bigint> {
    await this.#measure()
    return allocatableBytes(this.#pool.limits, this.#usage())
  }

  /** Call this when a snapshot was created or deleted: the next reader measures again. */
  changed(): void {
    this.#measured.at = -Infinity
  }

  /**
   * Reserves bytes for a draft until the result is disposed of: by then either its record counts, or it was
   * not created. Nothing is awaited between the check and the reservation, so two concurrent requests cannot
   * both get the same bytes.
   * @throws VolumeError of the kind, with the available space
   */
  async reserve(bytes: bigint, provisioning: Provisioning, kind: Full): Promise<Disposable> {
    await this.#measureIfOld()
    if (bytes > this.#available(provisioning)) await this.#measure()
    const available = this.#available(provisioning)
    if (bytes > available) {
      throw new VolumeError(
        kind,
        `pool "${this.#pool.name}" has ${formatBytes(available)} for ${provisioning} volumes; ${formatBytes(bytes)} are needed. Ask for less, delete volumes, or raise the pool's size or overcommit`,
      )
    }
    this.#reservedBytes += bytes
    return {
      [Symbol.dispose]: () => {
        this.#reservedBytes -= bytes
      },
    }
  }

  /** Maps the errnos of a full disk to one error. */
  async orFull<T>(kind: Full, work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (!hasErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG')) throw error
      throw this.#full(kind, error)
    }
  }

  /** As `orFull`, for a tool that writes to a volume's device: it sees a full disk only as an I/O error. */
  async orFullBehind<T>(kind: Full, work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      await this.#measure()
      if (error instanceof VolumeError || this.#measured.freeBytes >= FULL_BYTES) throw error
      throw this.#full(kind, error)
    }
  }

  /** Measures again at the next call, which then also reports the full disk. */
  #full(kind: Full, cause: unknown): VolumeError {
    this.changed()
    return new VolumeError(
      kind,
      `pool "${this.#pool.name}": the disk under ${this.#pool.path} is full; delete volumes and snapshots, or give it more room`,
      { cause },
    )
  }

  #usage(): PoolUsage {
    const { freeBytes, allocatedBytes, snapshotBytes } = this.#measured
    const volumeBytes = this.#volumes.values().reduce((sum, { capacityBytes }) => sum + capacityBytes, 0n)
    // A snapshot is never written, so it never needs more than it has allocated.
    return { provisionedBytes: volumeBytes + snapshotBytes + this.#reservedBytes, allocatedBytes, freeBytes }
  }

  #available(provisioning: Provisioning): bigint {
    return availableBytes(this.#pool.limits, this.#usage(), provisioning)
  }

  async #measureIfOld(): Promise<void> {
    if (performance.now() - this.#measured.at <= MEASUREMENT_MAX_AGE_MS) return
    // Concurrent callers share one measurement.
    this.#measuring ??= this.#measure().finally(() => (this.#measuring = undefined))
    await this.#measuring
  }

  async #measure(): Promise<void> {
    const imagesOf = (store: Pick<RecordStore<Volume | Snapshot>, 'values' | 'image'>): Images => ({
      ids: store.values().map(({ id }) => id),
      image: (id) => store.image(id),
    })
    const images = { volumes: imagesOf(this.#volumes), snapshots: imagesOf(this.#snapshots) }
    this.#measured = { ...(await measurePool(this.#pool, images, this.#files)), at: performance.now() }
  }
}
