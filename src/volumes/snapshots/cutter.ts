import type { Catalog } from '../pool/catalog.ts'
import { VolumeError, hasErrno } from '../model/errors.ts'
import type { KeyedLock } from '../concurrency/keyed-lock.ts'
import { whileFrozen } from '../machine/freeze.ts'
import type { Observer } from '../model/observer.ts'
import type { Draft } from '../pool/records/draft.ts'
import type { LoopDevice, Mounts, OpenFileSystem } from '../model/ports.ts'
import type { Provisioning, Volume } from '../model/volume.ts'
import { LiveCopy, type LiveCopyDependencies } from './live-copy.ts'

/** One volume to copy, and the draft that gets its image. */
export interface CutSource {
  readonly volumeId: string
  readonly draft: Draft
  /** What the copy is to be; a snapshot is never written, so it is thin. */
  readonly provisioning: Provisioning
}

export interface CutterDependencies extends LiveCopyDependencies {
  readonly catalog: Catalog
  readonly locks: KeyedLock
  readonly mounts: Mounts
  readonly observer: Observer
}

/** How often a raw block volume in use is compared with its copy before its writer is called too busy. */
const QUIET_ATTEMPTS = 8

/**
 * Copies volumes, in use or not, as they all were at one point in time.
 *
 * Most of the copying is done while they are written. Then the file systems are frozen, what changed
 * meanwhile is copied again, and they are thawed: writers wait for that last part only. Where the pool's file
 * system shares blocks, there is no other part, and it is one ioctl.
 */
export class Cutter {
  readonly #on: CutterDependencies

  constructor(dependencies: CutterDependencies) {
    this.#on = dependencies
  }

  /**
   * @param freezeTimeoutMs how long writers may be held up at most
   * @returns the point in time
   * @throws VolumeError not-found; aborted when it could not be done within the time
   */
  async cut(sources: readonly CutSource[], freezeTimeoutMs: number, signal: AbortSignal): Promise<Date> {
    const { locks } = this.#on
    await using held = new AsyncDisposableStack()
    const parts: Part[] = []
    for (const source of sources) {
      const volume = this.#on.catalog.get(source.volumeId)
      parts.push({ ...source, volume, copy: held.use(await this.#begin(source, volume, signal)) })
    }
    for (const part of parts) await part.copy.catchUp(() => this.#flush(part, signal), signal)
    // In one order for all, so that two groups with the same members cannot wait for each other.
    for (const id of sources.map(({ volumeId }) => volumeId).sort()) held.use(await locks.acquire(id, signal))
    const inUse: PartInUse[] = []
    for (const part of parts) {
      const use = await this.#useOf(part)
      if (use.fileSystem) held.use(use.fileSystem)
      inUse.push({ ...part, ...use })
    }
    return await this.#finish(inUse, freezeTimeoutMs, signal)
  }

  /** Blocks that are shared are no longer a thick volume's own. */
  async #begin(
    { volumeId, draft, provisioning }: CutSource,
    volume: Volume,
    signal: AbortSignal,
  ): Promise<LiveCopy> {
    const { catalog } = this.#on
    const mayShare = provisioning === 'thin' && volume.provisioning === 'thin'
    try {
      const image = await catalog.wholeImage(volume)
      return await LiveCopy.begin(this.#on, image, draft.image, mayShare, signal)
    } catch (error) {
      // Deleted under our hands: copying does not lock it.
      if (hasErrno(error, 'ENOENT')) catalog.get(volumeId)
      throw error
    }
  }

  /**
   * The volume's lock is held for the look only: the device that is found can have been detached, and be
   * another's, right after.
   */
  async #flush(part: Part, signal: AbortSignal): Promise<void> {
    await using fileSystem = await this.#fileSystemOf(part, signal)
    await fileSystem?.flush()
  }

  async #fileSystemOf(part: Part, signal: AbortSignal): Promise<OpenFileSystem | undefined> {
    using _lock = await this.#on.locks.acquire(part.volumeId, signal)
    return (await this.#useOf(part)).fileSystem
  }

  /** The lock of the volume is the caller's, and the file system to dispose of. */
  async #useOf(part: Part): Promise<Use> {
    const { catalog, loops, mounts } = this.#on
    // Again, because it may have been deleted meanwhile, and another one made with its name, and so with its
    // id.
    const volume = catalog.get(part.volumeId)
    if (volume.createdAt !== part.volume.createdAt) {
      throw new VolumeError(
        'aborted',
        `volume "${volume.id}" was deleted and made anew while it was copied; repeat the call`,
      )
    }
    if (volume.provisioning === 'thick' && part.copy.isShared) {
      throw new VolumeError(
        'aborted',
        `volume "${volume.id}" was made thick while it was copied; repeat the call`,
      )
    }
    const device = (await loops.find(part.copy.source))?.device
    const canBeMounted = device !== undefined && volume.accessTypes.includes('mount')
    return { device, fileSystem: canBeMounted ? await mounts.openFileSystem(device) : undefined }
  }

  async #finish(parts: readonly PartInUse[], freezeTimeoutMs: number, signal: AbortSignal): Promise<Date> {
    const { log, observer } = this.#on
    const mounted = parts.filter(isMounted)
    for (const { fileSystem } of mounted) await fileSystem.flush()
    const volumes = parts.map(({ volumeId }) => volumeId)
    if (mounted.length > 0) await parts[0]?.draft.noteFrozen(volumes)
    const timeout = AbortSignal.timeout(freezeTimeoutMs)
    const copy = async (): Promise<Date> => {
      const cutAt = new Date()
      await this.#finishCopies(parts, bounded)
      return cutAt
    }
    const bounded = AbortSignal.any([signal, timeout])
    const cut = () => whileFrozen(mounted, copy, bounded, log)
    const begin = performance.now()
    try {
      const cutAt = mounted.length > 0 ? await observer.step('freeze', cut) : await cut()
      log.info({ volumes, frozenMs: Math.round(performance.now() - begin) }, 'cut')
      return cutAt
    } catch (error) {
      if (!timeout.aborted || signal.aborted) throw error
      throw new VolumeError(
        'aborted',
        `freezeTimeout: what changed could not be copied within ${freezeTimeoutMs} ms, so nothing was made. Try again when less is written, raise freezeTimeout, or use a pool whose file system shares blocks`,
        { cause: error },
      )
    }
  }

  /**
   * The devices of raw block volumes cannot be frozen. Copies of them that were compared, with not one write
   * to any of them meanwhile, are of one point in time all the same. So is the copy of a single one that
   * shares its blocks.
   */
  async #finishCopies(parts: readonly PartInUse[], signal: AbortSignal): Promise<void> {
    const { loops } = this.#on
    for (const { copy, device } of parts.filter((part) => !isRawInUse(part)))
      await copy.finish(device, signal)
    const raw = parts.filter(isRawInUse)
    for (let attempt = 0; attempt < QUIET_ATTEMPTS; attempt++) {
      for (const { device } of raw) await loops.flush(device)
      const before = raw.map(({ device }) => loops.writes(device))
      for (const { copy, device } of raw) await copy.finish(device, signal)
      const isOneStep = raw.length === 1 && raw[0]?.copy.isShared
      if (isOneStep || raw.every(({ device }, index) => loops.writes(device) === before[index])) return
    }
    const ids = raw.map(({ volumeId }) => `"${volumeId}"`).join(' and ')
    throw new VolumeError(
      'aborted',
      `raw block volume ${ids} is written all the time; it can be copied when its writer pauses, or, if it is thin, alone on a pool whose file system shares blocks`,
    )
  }
}

function isMounted<T extends PartInUse>(part: T): part is T & { readonly fileSystem: OpenFileSystem } {
  return part.fileSystem !== undefined
}

function isRawInUse<T extends PartInUse>(part: T): part is T & { readonly device: LoopDevice } {
  return part.device !== undefined && part.fileSystem === undefined
}

interface Part extends CutSource {
  /** As it was when copying began. */
  readonly volume: Volume
  readonly copy: LiveCopy
}

/** What the volume of a part is in use by. */
interface Use {
  readonly device: LoopDevice | undefined
  /** What can be frozen. */
  readonly fileSystem: OpenFileSystem | undefined
}

type PartInUse = Part & Use
