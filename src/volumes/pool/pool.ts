import type { Logger } from 'pino'
import { VolumeError } from '../model/errors.ts'
import { fileSystemOfCopy, type FileSystemMissing, type FileSystemState } from '../model/file-system-state.ts'
import type { PoolConfig, PoolImageConfig, PoolLimits } from '../model/pool-config.ts'
import type { ImageFiles, ImageSize } from '../model/ports/image-files.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { Provisioning, Volume } from '../model/volume.ts'
import { Ballast } from './files/ballast.ts'
import { lockDirectory } from './files/directory.ts'
import { ensurePoolId, requirePool } from './files/pool-identity.ts'
import { Gate } from './gate/gate.ts'
import { mkdir } from './gate/turn.ts'
import { requireImage } from './image/image-maker.ts'
import type { Draft } from './records/draft.ts'
import {
  describeDamage,
  ImageDamage,
  imageSize,
  requireFullSize,
  snapshotKind,
  volumeKind,
} from './records/record-kinds.ts'
import { RecordStore } from './records/record-store.ts'
import { measureDisk, measureUntaken } from './space/measure.ts'
import { PoolSpace } from './space/pool-space.ts'

/**
 * A directory of volumes and snapshots, with its limits. While a pool is open no other process can open it.
 */
export class Pool implements AsyncDisposable {
  readonly name: string
  /** The id in `pool.json`. */
  readonly id: string
  readonly path: string
  readonly limits: PoolLimits
  readonly volumes: RecordStore<Volume>
  readonly snapshots: RecordStore<Snapshot>
  readonly space: PoolSpace
  /** The volumes whose last stage did not find their file system in the image, by id, with the reason. */
  readonly withoutFileSystem = new Map<string, FileSystemMissing>()
  readonly gate: Gate
  readonly #image: PoolImageConfig | undefined
  readonly #files: ImageFiles
  readonly #lock: AsyncDisposable

  private constructor(
    config: PoolConfig,
    id: string,
    volumes: RecordStore<Volume>,
    snapshots: RecordStore<Snapshot>,
    gate: Gate,
    files: ImageFiles,
    lock: AsyncDisposable,
  ) {
    this.name = config.name
    this.id = id
    this.path = config.path
    this.limits = config.limits
    this.volumes = volumes
    this.snapshots = snapshots
    this.space = new PoolSpace(config, volumes, snapshots, files)
    this.gate = gate
    this.#image = config.image
    this.#files = files
    this.#lock = lock
  }

  /**
   * @param knownId the id of a known pool; undefined: an empty or absent directory becomes a new pool
   * @throws VolumeError failed-precondition when the directory is not a pool, or written by a newer driver;
   * PoolUnreachableError when it is in use, or not the known pool
   */
  static open(
    config: PoolConfig,
    files: ImageFiles,
    log: Logger,
    knownId?: string,
    gate = new Gate({ pool: config.name, path: config.path }),
  ): Promise<Pool> {
    return gate.within(() => Pool.#open(config, files, log, knownId, gate))
  }

  static async #open(
    config: PoolConfig,
    files: ImageFiles,
    log: Logger,
    knownId: string | undefined,
    gate: Gate,
  ): Promise<Pool> {
    if (knownId === undefined) await mkdir(config.path, { recursive: true, mode: 0o700 })
    const lock = await lockDirectory(files, config.name, config.path)
    await using held = new AsyncDisposableStack()
    held.use(lock)
    const id = await ensurePoolId(config.name, config.path, knownId)
    const ballast = new Ballast(config.path, files)
    await ballast.restore()
    const volumes = await RecordStore.open(volumeKind, { ...config, ballast }, gate, files, log)
    const snapshots = await RecordStore.open(snapshotKind, { ...config, ballast }, gate, files, log)
    held.move()
    return new Pool(config, id, volumes, snapshots, gate, files, lock)
  }

  /**
   * Passes while the pool is reachable.
   * @throws PoolUnreachableError, or another VolumeError that describes the problem
   */
  check(): Promise<void> {
    return this.gate.within(
      async () => {
        if (this.#image) await requireImage(this.#files, this.name, this.#image)
        await requirePool(this.name, this.path, this.id)
      },
      { isUrgent: true },
    )
  }

  /**
   * The volume's image, after a check of its size: it can be removed or truncated while the driver runs.
   * @throws VolumeError failed-precondition when it is missing or too short; not-found for a volume that was
   * deleted meanwhile
   */
  async wholeImage(volume: Volume): Promise<string> {
    await this.#wholeSize(volume)
    return this.volumes.image(volume.id)
  }

  /** @throws VolumeError as `wholeImage` does */
  async #wholeSize({ id, capacityBytes }: Volume): Promise<ImageSize> {
    try {
      const size = await imageSize(this.#files, this.volumes.image(id))
      requireFullSize(size.logical, capacityBytes)
      return size
    } catch (error) {
      if (!(error instanceof ImageDamage)) throw error
      if (!this.volumes.get(id)) throw new VolumeError('not-found', `volume "${id}" was deleted meanwhile`)
      throw new VolumeError('failed-precondition', describeDamage(id, error), { cause: error })
    }
  }

  /** The size and the free space of its disk now, in bytes. */
  disk(): Promise<{ readonly totalBytes: bigint; readonly freeBytes: bigint }> {
    return this.gate.within(() => measureDisk({ path: this.path, image: this.#image }, this.#files), {
      isUrgent: true,
    })
  }

  /**
   * What its thin volumes may still take from the disk, in bytes; undefined where it has no limit. It is not
   * counted on when it is more than `limit`.
   */
  untaken(limit: bigint): Promise<bigint | undefined> {
    const thin = this.volumes.values().filter(({ provisioning }) => provisioning === 'thin')
    const images = { ids: thin.map(({ id }) => id), image: (id: string) => this.volumes.image(id) }
    return this.gate.within(() => measureUntaken(this.path, images, limit, this.#files))
  }

  /** True while its file system is read-only. */
  isReadOnly(): Promise<boolean> {
    return this.gate.within(() => this.#files.isReadOnly(this.path), { isUrgent: true })
  }

  /** Why volumes of this provisioning are not possible in this pool; undefined where they are. */
  async incompatibility(provisioning: Provisioning): Promise<string | undefined> {
    if (provisioning === 'thin') return undefined
    return await thickIncompatibility({ name: this.name, path: this.path, image: this.#image }, this.#files)
  }

  /** @throws VolumeError invalid-argument when the pool does not support it */
  async requirePossible(provisioning: Provisioning): Promise<void> {
    const why = await this.incompatibility(provisioning)
    if (why === undefined) return
    throw new VolumeError(
      'invalid-argument',
      `provisioning "thick": ${why}; use provisioning "thin", or a pool that is a directory on ext4 or xfs`,
    )
  }

  /**
   * Creates a volume.
   * @param makeImage creates the image of the draft with the volume's capacity, and returns the state of its
   * file system
   * @throws VolumeError resource-exhausted, or as `check` and `requirePossible` do
   */
  async create(volume: Volume, makeImage: (draft: Draft) => Promise<FileSystemState>): Promise<Volume> {
    await this.check()
    await this.requirePossible(volume.provisioning)
    using _space = await this.space.reserve(volume.capacityBytes, volume.provisioning, 'resource-exhausted')
    const create = async (): Promise<Volume> => {
      await using draft = await this.volumes.begin(volume.id)
      const made = { ...volume, fileSystem: await makeImage(draft) }
      await this.volumes.commit(draft, made)
      return made
    }
    this.withoutFileSystem.delete(volume.id)
    return await this.space.orFull('resource-exhausted', create())
  }

  /** Grows the volume's image. @throws VolumeError out-of-range, so that a user can request less */
  async grow(volume: Volume, capacityBytes: bigint, signal: AbortSignal): Promise<Volume> {
    const { provisioning } = volume
    using _space = await this.space.reserve(
      capacityBytes - volume.capacityBytes,
      provisioning,
      'out-of-range',
    )
    const image = this.volumes.image(volume.id)
    const grown = { ...volume, capacityBytes }
    const growing = this.volumes.update(grown, () =>
      this.#files.grow(image, capacityBytes, provisioning === 'thick', signal),
    )
    await this.space.orFull('out-of-range', growing)
    return grown
  }

  /**
   * Begins a snapshot of the volume, and reserves its space.
   * @throws VolumeError resource-exhausted, or as `check` does
   */
  async draftSnapshot(id: string, volume: Volume): Promise<Draft> {
    await this.check()
    const { allocated } = await this.#wholeSize(volume)
    using space = new DisposableStack()
    space.use(await this.space.reserve(allocated, 'thin', 'resource-exhausted'))
    const draft = await this.snapshots.begin(id)
    draft.hold(space.move())
    return draft
  }

  /** @param volume as it was before it was copied */
  async commitSnapshot(
    draft: Draft,
    identity: Pick<Snapshot, 'id' | 'name' | 'group'>,
    volume: Volume,
    pointInTime: Date,
  ): Promise<Snapshot> {
    const { logical } = await this.#files.size(draft.image)
    const snapshot: Snapshot = {
      ...identity,
      pool: this.name,
      sourceVolumeId: volume.id,
      sizeBytes: logical,
      pointInTime: pointInTime.toISOString(),
      accessTypes: volume.accessTypes,
      fsType: volume.fsType,
      fileSystem: fileSystemOfCopy(volume.fileSystem, this.volumes.get(volume.id)?.fileSystem),
    }
    await this.snapshots.commit(draft, snapshot)
    this.space.changed()
    return snapshot
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.volumes.settle()
    await this.snapshots.settle()
    await this.#lock[Symbol.asyncDispose]()
  }
}

/**
 * Thick volumes have all blocks allocated from the start, so that writes never need new ones. Not every pool
 * can guarantee that.
 * @returns why this pool cannot; undefined if it can
 */
async function thickIncompatibility(
  { name, path, image }: Pick<PoolConfig, 'name' | 'path' | 'image'>,
  files: ImageFiles,
): Promise<string | undefined> {
  if (image) return `pool "${name}" is a sparse image, which allocates blocks when they are written`
  if (await files.keepsBlocks(path)) return undefined
  return `the file system of pool "${name}" allocates new blocks for overwritten data (btrfs, ZFS, bcachefs)`
}
