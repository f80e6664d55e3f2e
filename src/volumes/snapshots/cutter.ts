import type { Catalog } from '../catalog.ts'
import { VolumeError } from '../errors.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import { usesOf } from '../node/uses.ts'
import type { Draft } from '../pool/draft.ts'
import type { LoopDevice, Mounts } from '../ports.ts'
import { LiveCopy, type LiveCopyDependencies } from './live-copy.ts'

/** One volume to copy, and the draft that gets its image. */
export interface CutSource {
  readonly volumeId: string
  readonly draft: Draft
}

export interface CutterDependencies extends LiveCopyDependencies {
  readonly catalog: Catalog
  readonly locks: KeyedLock
  readonly mounts: Mounts
}

/** How often a raw block volume in use is compared with its copy before its writer is called too busy. */
const QUIET_ATTEMPTS = 8

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
    const { catalog, locks } = this.#on
    await using held = new AsyncDisposableStack()
    const parts: Part[] = []
    for (const { volumeId, draft } of sources) {
      const image = catalog.image(catalog.get(volumeId))
      parts.push({
        volumeId,
        draft,
        copy: held.use(await LiveCopy.begin(this.#on, image, draft.image, signal)),
      })
    }
    for (const { copy } of parts) await copy.catchUp(signal)
    // In one order for all, so that two groups with the same members cannot wait for each other.
    for (const id of sources.map(({ volumeId }) => volumeId).sort()) held.use(await locks.acquire(id, signal))
    return await this.#finish(
      await Promise.all(parts.map((part) => this.#useOf(part))),
      freezeTimeoutMs,
      signal,
    )
  }

  async #useOf(part: Part): Promise<PartInUse> {
    const { catalog, loops, mounts } = this.#on
    // Again, because it may have been deleted meanwhile.
    const volume = catalog.get(part.volumeId)
    const device = (await loops.find(part.copy.source))?.device
    const isMounted = device !== undefined && volume.accessTypes.includes('mount')
    const mountPoint = isMounted ? usesOf(device, await mounts.list())[0]?.target : undefined
    return { ...part, device, mountPoint }
  }

  async #finish(parts: readonly PartInUse[], freezeTimeoutMs: number, signal: AbortSignal): Promise<Date> {
    const { log, mounts } = this.#on
    const mountPoints = parts.flatMap(({ mountPoint }) => mountPoint ?? [])
    for (const mountPoint of mountPoints) await mounts.flush(mountPoint)
    const volumes = parts.map(({ volumeId }) => volumeId)
    if (mountPoints.length > 0) await parts[0]?.draft.noteFrozen(volumes)
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
      for (const part of parts) await finishPart(part, AbortSignal.any([signal, timeout]))
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
}

/** The device of a raw block volume cannot be frozen; then there must be a moment without writes. */
async function finishPart(
  { volumeId, copy, device, mountPoint }: PartInUse,
  signal: AbortSignal,
): Promise<void> {
  if (!device || mountPoint !== undefined) {
    await copy.finish(signal)
    return
  }
  for (let attempt = 0; attempt < QUIET_ATTEMPTS; attempt++) {
    if (await copy.finishIfQuiet(device, signal)) return
  }
  throw new VolumeError(
    'aborted',
    `raw block volume "${volumeId}" is written all the time; it can be copied when its writer pauses, or on a pool whose file system shares blocks`,
  )
}

interface Part extends CutSource {
  readonly copy: LiveCopy
}

interface PartInUse extends Part {
  readonly device: LoopDevice | undefined
  /** Where the file system can be frozen. */
  readonly mountPoint: string | undefined
}
