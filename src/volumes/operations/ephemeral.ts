import type { Logger } from 'pino'
import { isReadOnly, type Access, type Volume } from '../model/volume.ts'
import { formatBytes } from '../model/bytes.ts'
import { VolumeError, hasErrno, messageOf } from '../model/errors.ts'
import type { Pool } from '../pool/pool.ts'
import type { Provisioner } from './provisioner.ts'
import { FILES_AT_ONCE, sideBySide } from '../concurrency/side-by-side.ts'
import type { NodeDependencies } from '../state/dependencies.ts'
import { parseEphemeralAttributes } from '../model/parameters.ts'
import { mountVolume } from '../state/mount-volume.ts'
import { remainsOf } from '../state/takedown.ts'
import { makeTarget, removeTarget } from '../machine/target.ts'
import { unmountIdle } from '../machine/unmount.ts'
import { isLoopMount, shows, strange, usesOf } from '../machine/uses.ts'

export interface EphemeralRequest {
  readonly targetPath: string
  readonly access: Access
  readonly readOnly: boolean
  /** What the pod asks for, and what the kubelet adds. */
  readonly volumeContext: Readonly<Record<string, string>>
}

/**
 * Volumes that a pod declares inline: made when they are published, mounted at the target path itself, and
 * deleted when they are unpublished. The kubelet gives them names of its own, by which it also asks for them
 * later.
 *
 * Making, mounting, unmounting and deleting are steps that can each be the last one before a crash. A
 * repeated call finds what there is and goes on; what nobody asks for any more is not mounted, and goes when
 * its pool is opened.
 */
export class EphemeralVolumes {
  readonly #on: NodeDependencies
  readonly #provisioner: Provisioner
  readonly #log: Logger

  constructor(dependencies: NodeDependencies, provisioner: Provisioner, log: Logger) {
    this.#on = dependencies
    this.#provisioner = provisioner
    this.#log = log
  }

  /**
   * @throws VolumeError invalid-argument; resource-exhausted; already-exists when the name is taken by a
   * volume that is not what is asked for, or something else is at the target
   */
  async publish(name: string, request: EphemeralRequest, signal: AbortSignal): Promise<void> {
    const { access, volumeContext } = request
    if (access.type !== 'mount') {
      const message =
        'volume_capability: an ephemeral volume has a file system; access type block is not possible'
      throw new VolumeError('invalid-argument', message)
    }
    const { sizeBytes, parameters } = parseEphemeralAttributes(volumeContext)
    const { catalog } = this.#on
    const requiredBytes = sizeBytes ?? 0n
    // One that exists was allowed when it was made.
    const limitBytes = catalog.findEphemeral(name) ? 0n : largestInline(catalog.pool(parameters.pool))
    if (limitBytes > 0n && requiredBytes > limitBytes)
      throw tooLarge(requiredBytes, parameters.pool, limitBytes)
    const range = { requiredBytes, limitBytes }
    const source = undefined
    const volume = await this.#provisioner.create(
      { name, range, accesses: [access], parameters, source, ephemeral: true },
      signal,
    )
    try {
      await this.#mount(volume.id, request, access.mountFlags, signal)
    } catch (error) {
      // Nothing tells a CO that did not get its volume to give it back.
      await this.#deleteIfUnused(volume, new AbortController().signal)
      throw error
    }
  }

  /**
   * Unmounts the volume and deletes it. Not published there: nothing to do but to remove the empty target.
   */
  async unpublish(volume: Volume, targetPath: string, signal: AbortSignal): Promise<void> {
    if (await this.#unmount(volume, targetPath, signal)) await this.#provisioner.delete(volume.id, signal)
  }

  /**
   * As `unpublish`, for a volume whose record or image is damaged: its pod has ended, so there is nothing to
   * repair. No persistent volume can have an id that was made of an ephemeral one's name.
   * @throws VolumeError failed-precondition while something uses it elsewhere; aborted while it is being
   * detached
   */
  async unpublishDamaged(name: string, targetPath: string, signal: AbortSignal): Promise<void> {
    const { catalog, files, locks, loops, mounts } = this.#on
    const damaged = catalog.findDamagedEphemeral(name)
    if (!damaged) return
    const { id, pool } = damaged
    using _lock = await locks.acquire(id, signal)
    const image = pool.volumes.image(id)
    const attached = await loops.find(image).catch(nothingThere)
    const published = await mounts.at(targetPath)
    if (published) {
      const isOurs = attached ? shows(published, attached.device) : isLoopMount(published)
      if (!isOurs) throw strange(id, targetPath, published)
      await unmountIdle(mounts, id, targetPath)
    }
    await removeTarget(targetPath)
    const [elsewhere] = attached ? usesOf(attached.device, await mounts.list()) : []
    if (elsewhere) {
      const message = `ephemeral volume "${id}" is still in use at ${elsewhere.target}; unmount it there, then repeat the call`
      throw new VolumeError('failed-precondition', message)
    }
    await using unused = await files.lock(image).catch(nothingToLock)
    if (!unused) {
      const message = `ephemeral volume "${id}" is still being detached from its loop device; repeat the call`
      throw new VolumeError('aborted', message)
    }
    await pool.volumes.remove(id)
    this.#log.warn({ volume: id, name }, 'deleted a damaged ephemeral volume with its pod')
  }

  /**
   * Deletes what a crash, or the end of the machine, has left in pools in which nothing was published yet.
   * @returns how many volumes that were
   */
  async sweep(pools: readonly Pool[], signal: AbortSignal): Promise<number> {
    const volumes = pools.flatMap((pool) => pool.volumes.values())
    const ephemeral = volumes.filter(({ ephemeral }) => ephemeral)
    const deleted = await sideBySide(ephemeral, FILES_AT_ONCE, (volume) =>
      this.#deleteIfUnused(volume, signal),
    )
    return deleted.filter(Boolean).length
  }

  async #mount(
    id: string,
    { access, readOnly, targetPath }: EphemeralRequest,
    mountFlags: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const { catalog, locks } = this.#on
    using _lock = await locks.acquire(id, signal)
    const made = await makeTarget(targetPath, 'directory')
    try {
      // It is empty, so also one that its pod may only read has to be formatted.
      const wish = {
        path: targetPath,
        mountFlags,
        readOnly: readOnly || isReadOnly(access),
        mayPrepare: true,
      }
      await mountVolume(this.#on, catalog.get(id), wish, signal)
    } catch (error) {
      if (made) await removeTarget(targetPath)
      throw error
    }
  }

  /** @returns whether nobody uses the volume any more */
  async #unmount(volume: Volume, targetPath: string, signal: AbortSignal): Promise<boolean> {
    const { catalog, locks, loops, mounts } = this.#on
    using _lock = await locks.acquire(volume.id, signal)
    // Somebody may have been faster.
    if (!catalog.find(volume.id)) return false
    const {
      devices: [attached],
      isLost,
    } = await remainsOf(catalog, loops, volume.id)
    const published = await mounts.at(targetPath)
    if (published) {
      const isOurs = attached ? shows(published, attached.device) : isLost && isLoopMount(published)
      if (!isOurs) throw strange(volume.id, targetPath, published)
      await unmountIdle(mounts, volume.id, targetPath)
    }
    await removeTarget(targetPath)
    // The pool's next opening deletes it.
    if (isLost || (await this.#isMounted(volume))) return false
    await loops.detach(catalog.image(volume), signal)
    return true
  }

  async #isMounted(volume: Volume): Promise<boolean> {
    const { catalog, loops, mounts } = this.#on
    const attached = await loops.find(catalog.image(volume))
    return attached !== undefined && usesOf(attached.device, await mounts.list()).length > 0
  }

  /**
   * Never fails: what is in use is kept, and what could not be deleted is tried again when the pool is next
   * opened.
   * @returns whether it was deleted
   */
  async #deleteIfUnused(volume: Volume, signal: AbortSignal): Promise<boolean> {
    const { id, name } = volume
    try {
      if (!this.#on.catalog.find(id) || (await this.#isMounted(volume))) return false
      // A tool of a killed driver can hold the device a little longer.
      await this.#on.loops.detach(this.#on.catalog.image(volume), signal)
      await this.#provisioner.delete(id, signal)
      this.#log.info({ volume: id, name }, 'deleted an ephemeral volume that nobody uses')
      return true
    } catch (error) {
      this.#log.warn(
        { volume: id, name, error: messageOf(error) },
        'an ephemeral volume could not be deleted',
      )
      return false
    }
  }
}

/**
 * No storage quota counts inline volumes, so a pool takes them only where its operator says how large they
 * may be.
 * @returns that size, in bytes
 */
function largestInline({ name, limits }: Pool): bigint {
  if (limits.inlineBytes > 0n) return limits.inlineBytes
  throw new VolumeError(
    'failed-precondition',
    `pool "${name}" takes no inline volumes; use a claim (a generic ephemeral volume also lives as long as its pod), or ask the operator to set inline.maxSize of the pool`,
  )
}

function tooLarge(sizeBytes: bigint, pool: string, largestBytes: bigint): VolumeError {
  const [size, largest] = [formatBytes(sizeBytes), formatBytes(largestBytes)]
  return new VolumeError(
    'invalid-argument',
    `volume_context: size is ${size}; inline volumes of pool "${pool}" have at most ${largest} (inline.maxSize)`,
  )
}

/** For an image that is gone, or that something has taken the place of that no device can have. */
function nothingThere(error: unknown): undefined {
  if (error instanceof VolumeError || hasErrno(error, 'ENOENT', 'ENOTDIR', 'ENXIO', 'ENODEV', 'ELOOP', 'EIO'))
    return undefined
  throw error
}

function nothingToLock(error: unknown): AsyncDisposable {
  nothingThere(error)
  return { [Symbol.asyncDispose]: () => Promise.resolve() }
}
