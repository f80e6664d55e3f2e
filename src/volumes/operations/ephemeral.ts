import { never } from '../concurrency/deadlines.ts'
import { FILES_AT_ONCE, sideBySide } from '../concurrency/side-by-side.ts'
import { mayBeMountOf, mountsOf, unexpectedMount } from '../machine/attachments.ts'
import { makeTarget, removeTarget, unmountIdle } from '../machine/mount-points.ts'
import { formatBytes } from '../model/bytes.ts'
import { hasErrno, messageOf, VolumeError } from '../model/errors.ts'
import { parseEphemeralAttributes } from '../model/parameters.ts'
import type { LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry } from '../model/ports/mounts.ts'
import { isReadOnly, type Access, type Volume } from '../model/volume.ts'
import type { Pool } from '../pool/pool.ts'
import type { NodeContext } from '../state/context.ts'
import { mountVolume } from '../state/mount-volume.ts'
import { createVolume } from './create.ts'
import { deleteVolume } from './delete.ts'

/*
 * Inline volumes: created when they are published, mounted at the target path itself, and deleted when they
 * are unpublished. The kubelet names them, and uses these names in later calls.
 *
 * A crash can follow each of the four steps (create, mount, unmount, delete). A repeated call continues from
 * the existing state. Unmounted inline volumes are deleted when the pool is opened.
 */

export interface EphemeralRequest {
  readonly targetPath: string
  readonly access: Access
  readonly readOnly: boolean
  /** The attributes of the pod, and those that the kubelet adds. */
  readonly volumeContext: Readonly<Record<string, string>>
}

/**
 * Creates and mounts an inline volume.
 * @param name the name that the kubelet chose
 * @throws VolumeError invalid-argument; resource-exhausted; already-exists when the existing volume does not
 * satisfy the request, or something else is mounted at the target
 */
export async function publishEphemeral(
  node: NodeContext,
  name: string,
  request: EphemeralRequest,
  signal: AbortSignal,
): Promise<void> {
  const { access, volumeContext } = request
  if (access.type !== 'mount') {
    const message =
      'volume_capability: an inline volume has a file system; access type block is not supported'
    throw new VolumeError('invalid-argument', message)
  }
  const { sizeBytes: requiredBytes = 0n, parameters } = parseEphemeralAttributes(volumeContext)
  const { catalog } = node
  // An existing volume was within the limit when it was created.
  const limitBytes = catalog.findEphemeral(name) ? 0n : largestInline(catalog.pool(parameters.pool))
  if (limitBytes > 0n && requiredBytes > limitBytes)
    throw tooLarge(requiredBytes, parameters.pool, limitBytes)
  const range = { requiredBytes, limitBytes }
  const create = { name, range, accesses: [access], parameters, source: undefined, ephemeral: true }
  const volume = await createVolume(node, create, signal)
  try {
    await mountAtTarget(node, volume.id, request, access.mountFlags, signal)
  } catch (error) {
    // The CO does not unpublish a volume whose publish failed.
    await deleteIfUnused(node, volume, never)
    throw error
  }
}

async function mountAtTarget(
  node: NodeContext,
  id: string,
  { access, readOnly, targetPath: path }: EphemeralRequest,
  mountFlags: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await node.access.withVolume(id, signal, async (state) => {
    const made = await makeTarget(path, 'directory')
    try {
      // A new volume is empty, so it must be formatted even if its pod may only read it.
      const wish = { mountFlags, readOnly: readOnly || isReadOnly(access), mayPrepare: true }
      await mountVolume(node, state, { path, field: 'target_path', ...wish }, signal)
    } catch (error) {
      if (made) await removeTarget(path)
      throw error
    }
  })
}

/** Unmounts the volume and deletes it. If it is not published there, only the empty target is removed. */
export async function unpublishEphemeral(
  node: NodeContext,
  volume: Volume,
  targetPath: string,
  signal: AbortSignal,
): Promise<void> {
  if (await unmountTarget(node, volume, targetPath, signal)) await deleteVolume(node, volume.id, signal)
}

/** @returns whether the volume is unused, and detached */
async function unmountTarget(
  { access, catalog, loops, mounts }: NodeContext,
  { id }: Volume,
  targetPath: string,
  signal: AbortSignal,
): Promise<boolean> {
  return await access.withPossibleVolume(id, signal, async ({ state, loss }) => {
    // A concurrent call may have unmounted it.
    if (!state && !loss) return false
    const published = await mounts.at(targetPath)
    if (published) {
      requireOurs(id, targetPath, published, await state?.device(), loss !== undefined)
      await unmountIdle(mounts, id, targetPath)
    }
    await removeTarget(targetPath)
    // The repeated call finds whether it is damaged, and deletes it.
    if (loss) throw loss
    // If it stays, the sweep at the next opening of the pool deletes it.
    if (!state || (await access.observe(id).mounts()).length > 0) return false
    await loops.detach(catalog.image(state.volume), signal)
    return true
  })
}

/**
 * @param isLost whether the volume's device is unknown: then any mount of a loop device may be of the volume
 */
function requireOurs(
  id: string,
  targetPath: string,
  published: MountEntry,
  own: LoopState | undefined,
  isLost: boolean,
): void {
  if ((own || isLost) && mayBeMountOf(own ? [own] : [], published)) return
  throw unexpectedMount(id, targetPath, published)
}

/**
 * As `unpublishEphemeral`, for a volume whose record or image is damaged: its pod has ended, so there is
 * nothing to repair. The id cannot be of a persistent volume: it is derived in another way.
 * @throws VolumeError failed-precondition while it is in use at another path; aborted while it is being
 * detached
 */
export async function unpublishDamaged(
  node: NodeContext,
  name: string,
  targetPath: string,
  signal: AbortSignal,
): Promise<void> {
  const damaged = node.catalog.findDamagedEphemeral(name)
  if (!damaged) return
  const { id, pool } = damaged
  await node.access.withLock(id, signal, () => removeDamaged(node, id, pool, targetPath))
  node.log.warn({ volume: id, name }, 'deleted a damaged inline volume with its pod')
}

async function removeDamaged(
  { files, loops, mounts }: NodeContext,
  id: string,
  pool: Pool,
  targetPath: string,
): Promise<void> {
  const image = pool.volumes.image(id)
  const own = await loops.find(image).catch(nothingThere)
  const published = await mounts.at(targetPath)
  if (published) {
    requireOurs(id, targetPath, published, own, true)
    await unmountIdle(mounts, id, targetPath)
  }
  await removeTarget(targetPath)
  const [elsewhere] = own ? mountsOf(own.device, await mounts.list()) : []
  if (elsewhere) {
    const message = `inline volume "${id}" is still in use at ${elsewhere.target}; unmount it there, then repeat the call`
    throw new VolumeError('failed-precondition', message)
  }
  await using unused = await files.lock(image).catch(nothingToLock)
  if (!unused) {
    const message = `inline volume "${id}" is still being detached from its loop device; repeat the call`
    throw new VolumeError('aborted', message)
  }
  await pool.volumes.remove(id)
}

/**
 * Deletes the inline volumes that a crash or reboot left in newly opened pools.
 * @returns how many volumes it deleted
 */
export async function sweepEphemeral(node: NodeContext, pool: Pool, signal: AbortSignal): Promise<number> {
  const ephemeral = pool.volumes.values().filter(({ ephemeral }) => ephemeral)
  const deleted = await sideBySide(ephemeral, FILES_AT_ONCE, (volume) => deleteIfUnused(node, volume, signal))
  return deleted.filter(Boolean).length
}

/**
 * Never fails: a volume in use is kept, and a failed deletion is repeated when the pool is next opened.
 * @returns whether it was deleted
 */
async function deleteIfUnused(node: NodeContext, volume: Volume, signal: AbortSignal): Promise<boolean> {
  const { access, catalog, loops, log } = node
  const { id, name } = volume
  if (signal.aborted) return false
  try {
    if (!catalog.find(id) || (await access.observe(id).mounts()).length > 0) return false
    // A child process of a killed driver can hold the device for a moment.
    await loops.detach(catalog.image(volume), signal)
    await deleteVolume(node, id, signal)
    log.info({ volume: id, name }, 'deleted an unused inline volume')
    return true
  } catch (error) {
    log.warn({ volume: id, name, error: messageOf(error) }, 'cannot delete an inline volume')
    return false
  }
}

/**
 * Storage quotas do not count inline volumes, so a pool allows them only if its operator has set their
 * largest size.
 * @returns that size, in bytes
 */
function largestInline({ name, limits }: Pool): bigint {
  if (limits.inlineBytes > 0n) return limits.inlineBytes
  throw new VolumeError(
    'failed-precondition',
    `pool "${name}" allows no inline volumes; use a claim (a generic ephemeral volume also lives as long as its pod), or ask the operator to set inline.maxSize of the pool`,
  )
}

function tooLarge(sizeBytes: bigint, pool: string, largestBytes: bigint): VolumeError {
  const [size, largest] = [formatBytes(sizeBytes), formatBytes(largestBytes)]
  return new VolumeError(
    'invalid-argument',
    `volume_context: size is ${size}; inline volumes of pool "${pool}" have at most ${largest} (inline.maxSize)`,
  )
}

/** For an image that is deleted, or replaced by something that cannot be attached. */
function nothingThere(error: unknown): undefined {
  if (error instanceof VolumeError || hasErrno(error, 'ENOENT', 'ENOTDIR', 'ENXIO', 'ENODEV', 'ELOOP', 'EIO'))
    return undefined
  throw error
}

function nothingToLock(error: unknown): AsyncDisposable {
  nothingThere(error)
  return { [Symbol.asyncDispose]: () => Promise.resolve() }
}
