import type { Logger } from 'pino'
import { formatBytes } from '../bytes.ts'
import type { Catalog } from '../catalog.ts'
import { VolumeError } from '../errors.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import { usesOf } from '../node/uses.ts'
import type { CopyProgress, ImageCopier, LoopDevice, LoopDevices, Mounts } from '../ports.ts'
import type { Draft } from '../pool/draft.ts'

/** One volume to copy, and the draft that gets its image. */
export interface CutSource {
  readonly volumeId: string
  readonly draft: Draft
}

export interface CutterDependencies {
  readonly catalog: Catalog
  readonly locks: KeyedLock
  readonly loops: LoopDevices
  readonly mounts: Mounts
  readonly copier: ImageCopier
  readonly log: Logger
}

/** How often a raw block volume in use is compared with its copy before its writer is called too busy. */
const QUIET_ATTEMPTS = 8

const PROGRESS_INTERVAL_MS = 5000

/**
 * Copies volumes, in use or not, as they all were at one point in time.
 *
 * Most of the copying is done while they are written. Then the file systems are frozen, what changed meanwhile is copied
 * again, and they are thawed: writers wait for that last part only. Where the pool's file system shares blocks, both
 * parts are one ioctl.
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
    const { catalog, copier, locks } = this.#on
    const copies: Copy[] = []
    for (const { volumeId, draft } of sources) {
      const image = catalog.image(catalog.get(volumeId))
      const how = await copier.copy(image, draft.image, this.#progress(volumeId), signal)
      copies.push({ volumeId, image, draft, shared: how === 'shared' })
    }
    // In one order for all, so that two groups with the same members cannot wait for each other.
    await using held = new AsyncDisposableStack()
    for (const id of sources.map(({ volumeId }) => volumeId).sort()) held.use(await locks.acquire(id, signal))
    const uses = await Promise.all(copies.map((copy) => this.#useOf(copy)))
    return await this.#catchUp(uses, freezeTimeoutMs, signal)
  }

  async #useOf(copy: Copy): Promise<CopyInUse> {
    const { catalog, loops, mounts } = this.#on
    // Again, because it may have been deleted meanwhile.
    const volume = catalog.get(copy.volumeId)
    const device = (await loops.find(copy.image))?.device
    if (!device) return { ...copy, device, mountPoint: undefined }
    const isMounted = volume.accessTypes.includes('mount')
    const mountPoint = isMounted ? usesOf(device, await mounts.list())[0]?.target : undefined
    return { ...copy, device, mountPoint }
  }

  async #catchUp(copies: readonly CopyInUse[], freezeTimeoutMs: number, signal: AbortSignal): Promise<Date> {
    const { log, mounts } = this.#on
    const mountPoints = copies.flatMap(({ mountPoint }) => mountPoint ?? [])
    for (const mountPoint of mountPoints) await mounts.flush(mountPoint)
    const volumes = copies.map(({ volumeId }) => volumeId)
    if (mountPoints.length > 0) await copies[0]?.draft.noteFrozen(volumes)
    const timeout = AbortSignal.timeout(freezeTimeoutMs)
    const begin = performance.now()
    try {
      await using frozen = new AsyncDisposableStack()
      for (const mountPoint of mountPoints) {
        await mounts.freeze(mountPoint)
        frozen.defer(async () => {
          await mounts.thaw(mountPoint)
        })
      }
      const cutAt = new Date()
      for (const copy of copies) await this.#update(copy, AbortSignal.any([signal, timeout]))
      await frozen.disposeAsync()
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

  async #update(copy: CopyInUse, signal: AbortSignal): Promise<void> {
    const { copier } = this.#on
    if (copy.device && copy.mountPoint === undefined) await this.#updateWhenQuiet(copy, copy.device, signal)
    else await copier.update(copy.image, copy.draft.image, signal)
  }

  /**
   * The device of a raw block volume cannot be frozen. A copy that was compared, with not one write meanwhile, is of one
   * point in time all the same; so is one that shares its blocks, which takes no time.
   */
  async #updateWhenQuiet(copy: CopyInUse, device: LoopDevice, signal: AbortSignal): Promise<void> {
    const { copier, loops } = this.#on
    for (let attempt = 0; attempt < QUIET_ATTEMPTS; attempt++) {
      await loops.flush(device)
      const before = loops.writes(device)
      await copier.update(copy.image, copy.draft.image, signal)
      if (copy.shared || loops.writes(device) === before) return
    }
    throw new VolumeError(
      'aborted',
      `raw block volume "${copy.volumeId}" is written all the time; it can be copied when its writer pauses, or on a pool whose file system shares blocks`,
    )
  }

  #progress(volume: string): (progress: CopyProgress) => void {
    let logged = performance.now()
    return ({ copiedBytes, totalBytes }) => {
      if (performance.now() - logged < PROGRESS_INTERVAL_MS) return
      logged = performance.now()
      this.#on.log.info({ volume, copied: formatBytes(copiedBytes), of: formatBytes(totalBytes) }, 'copying')
    }
  }
}

interface Copy {
  readonly volumeId: string
  readonly image: string
  readonly draft: Draft
  /** Whether it shares its blocks with the source. */
  readonly shared: boolean
}

interface CopyInUse extends Copy {
  readonly device: LoopDevice | undefined
  /** Where the file system can be frozen. */
  readonly mountPoint: string | undefined
}
