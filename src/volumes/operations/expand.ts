import { isFileSystemMount } from '../machine/attachments.ts'
import { chooseCapacity, satisfies, type CapacityRange } from '../model/capacity-range.ts'
import { VolumeError } from '../model/errors.ts'
import type { LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry } from '../model/ports/mounts.ts'
import type { Volume } from '../model/volume.ts'
import type { NodeContext } from '../state/context.ts'
import { growMounted } from '../state/prepare-filesystem.ts'
import { attachmentOf, type VolumeState } from '../state/volume-state.ts'

/**
 * Grows a volume's image, and its device if it has one. The file system is grown by `expandOnNode`.
 * @returns the volume, with its old capacity if that satisfies the range
 * @throws VolumeError out-of-range when no capacity satisfies the range
 */
export async function expandVolume(
  node: NodeContext,
  id: string,
  range: CapacityRange,
  signal: AbortSignal,
): Promise<Volume> {
  const { access, catalog, loops } = node
  return await access.withVolume(id, signal, async (state) => {
    const { volume } = state
    // A truncated image that is grown would look complete.
    await catalog.wholeImage(volume)
    const capacityBytes = decideCapacity(volume, range)
    const isLarger = capacityBytes > volume.capacityBytes
    const grown = isLarger ? await catalog.pool(volume.pool).grow(volume, capacityBytes, signal) : volume
    for (const { device, sizeBytes } of await state.devices())
      if (sizeBytes < grown.capacityBytes) await loops.resize(device)
    return grown
  })
}

/** @throws VolumeError out-of-range when no capacity satisfies the range */
export function decideCapacity(
  { id, capacityBytes }: Pick<Volume, 'id' | 'capacityBytes'>,
  range: CapacityRange,
): bigint {
  if (range.requiredBytes > capacityBytes) return chooseCapacity(range, 0n)
  if (satisfies(capacityBytes, range)) return capacityBytes
  throw new VolumeError(
    'out-of-range',
    `volume "${id}" has ${capacityBytes} bytes, more than limit_bytes ${range.limitBytes}; volumes do not shrink`,
  )
}

/**
 * Grows image and device if needed, then the file system, which stays mounted.
 * @param path where the volume is staged or published
 * @throws VolumeError not-found when the volume is not at the path; out-of-range when the disk is full;
 * failed-precondition when its file system must grow but is mounted read-only
 */
export async function expandOnNode(
  node: NodeContext,
  id: string,
  path: string,
  range: CapacityRange,
  signal: AbortSignal,
): Promise<Volume> {
  // Checked before anything grows, and again under the lock.
  await placeOf(node, node.access.observe(id), path)
  await expandVolume(node, id, range, signal)
  return await node.access.withVolume(id, signal, async (state) => {
    await growFileSystem(node, state, path, signal)
    return state.volume
  })
}

async function growFileSystem(
  node: NodeContext,
  state: VolumeState,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const { volume } = state
  const { own, entry } = await placeOf(node, state, path)
  const uses = entry?.readOnly ? await state.mounts() : []
  const decision = decideGrowth(path, entry, uses)
  if (decision === 'done') return
  if (decision !== 'read-only') {
    const { space } = node.catalog.pool(volume.pool)
    const growing = growMounted(node, volume, own.device, decision.mountPoint, signal)
    await space.orFull('out-of-range', growing)
  } else if (await node.fileSystems.hasRoomToGrow(volume.fsType, own.device.path)) {
    throw cannotGrow(volume, path)
  }
}

/**
 * A read-only publish is a bind mount: the same file system may be mounted for writing elsewhere.
 * @param entry the mount at the path; undefined for a raw block volume, which has no file system to grow
 * @returns where to grow the file system; `read-only` where that is not possible
 */
export function decideGrowth(
  path: string,
  entry: MountEntry | undefined,
  uses: readonly MountEntry[],
): 'done' | 'read-only' | { readonly mountPoint: string } {
  if (!entry) return 'done'
  if (!entry.readOnly) return { mountPoint: path }
  const writable = uses.find((use) => isFileSystemMount(use) && !use.readOnly)
  return writable ? { mountPoint: writable.target } : 'read-only'
}

/** The device and, for a file system volume, the mount at the path. @throws VolumeError when there is none */
async function placeOf(
  { catalog, mounts }: NodeContext,
  state: VolumeState,
  path: string,
): Promise<{ own: LoopState; entry: MountEntry | undefined }> {
  const { id } = state.volume
  await catalog.wholeImage(state.volume)
  const own = await state.device()
  if (!own) throw new VolumeError('failed-precondition', `volume "${id}" is not staged on this node`)
  if (attachmentOf(own) === 'raw') return { own, entry: undefined }
  const entry = await state.onlyOwn(await mounts.at(path))
  if (!entry) throw new VolumeError('not-found', `volume "${id}" is not at volume_path ${path}`)
  return { own, entry }
}

function cannotGrow({ fsType, id }: Volume, path: string): VolumeError {
  return new VolumeError(
    'failed-precondition',
    `volume "${id}" has its new size, but its ${fsType} is mounted read-only at ${path} and cannot grow; it grows when the volume is next staged for writing`,
  )
}
