import { both } from '../concurrency/side-by-side.ts'
import { isMountOf, unexpectedMount } from '../machine/attachments.ts'
import { isDirectory } from '../machine/mount-points.ts'
import { hasErrno, VolumeError } from '../model/errors.ts'
import { FileSystemMissing } from '../model/file-system-state.ts'
import type { LoopDevice } from '../model/ports/loop-devices.ts'
import type { MountEntry, MountRequest } from '../model/ports/mounts.ts'
import { sectorBytesOf, type Volume } from '../model/volume.ts'
import type { NodeContext } from './context.ts'
import { growToDevice, prepareFileSystem, type PreparedFileSystem } from './prepare-filesystem.ts'
import type { VolumeState } from './volume-state.ts'

export interface MountWish {
  readonly path: string
  /** The field of the call that has the path. */
  readonly field: 'staging_target_path' | 'target_path'
  readonly mountFlags: readonly string[]
  readonly readOnly: boolean
  /** Whether the device may be written before it is mounted: formatted, repaired, grown. */
  readonly mayPrepare: boolean
}

/**
 * Attaches a volume and mounts its file system at a path, unless it is mounted there already. The caller
 * holds the volume's lock.
 * @throws VolumeError already-exists when something else is mounted there, or the volume with other options;
 * failed-precondition without a directory there; aborted while another program has the device
 */
export async function mountVolume(
  node: NodeContext,
  state: VolumeState,
  wish: MountWish,
  signal: AbortSignal,
): Promise<void> {
  const { catalog, fileSystems, mounts } = node
  const { volume } = state
  await catalog.wholeImage(volume)
  const found = await mounts.at(wish.path)
  if (!found) {
    await attachAndMount(node, volume, wish, signal)
    return
  }
  const { device } = await requireOurs(state, wish.path, found)
  decideMounted(volume, found, wish, mounts.differences(found, mountOptions(node, volume, wish)))
  // A crash may have interrupted an earlier call between mounting and growing. A file system that cannot be
  // grown while mounted is grown before the next mount.
  if (!wish.readOnly) await growToDevice(node, volume, device, wish.path, signal).catch(requireRefusal)
  // A crash may have interrupted an earlier call between mounting and writing the record.
  if (volume.fileSystem.state !== 'formatted')
    await rememberFormatted(node, volume, (await fileSystems.identify(device.path))?.uuid)
}

async function requireOurs(
  state: VolumeState,
  path: string,
  found: MountEntry,
): Promise<{ device: LoopDevice }> {
  const own = await state.device()
  if (own && isMountOf(own.device, found)) return own
  throw unexpectedMount(state.volume.id, path, found)
}

/**
 * Accepts an existing mount.
 * @param differing the names of the mount options that differ from the request
 * @throws VolumeError already-exists when it differs
 */
export function decideMounted(
  { id }: Pick<Volume, 'id'>,
  found: Pick<MountEntry, 'readOnly'>,
  { path, readOnly }: Pick<MountWish, 'path' | 'readOnly'>,
  differing: readonly string[],
): void {
  if (differing.length === 0) return
  if (found.readOnly !== readOnly) {
    throw new VolumeError(
      'already-exists',
      `volume "${id}" is mounted at ${path} ${found.readOnly ? 'read-only' : 'read-write'} already`,
    )
  }
  throw new VolumeError(
    'already-exists',
    `volume "${id}" is mounted at ${path} with other mount flags already: they differ in ${differing.join(', ')}`,
  )
}

async function attachAndMount(
  node: NodeContext,
  volume: Volume,
  wish: MountWish,
  signal: AbortSignal,
): Promise<void> {
  const { catalog, loops, mounts } = node
  const { field, mayPrepare, path, readOnly } = wish
  const { id: name, directIo } = volume
  const sectorBytes = sectorBytesOf(volume)
  const options = { name, readOnly: false, autoclear: true, directIo, sectorBytes }
  // Until the mount only our open file holds the device: after a failure or a crash the kernel detaches it.
  await using attachment = await loops.attach(catalog.image(volume), options, signal)
  const { device } = attachment
  const prepared = await prepare(node, volume, device, !mayPrepare, signal)
  await using record = prepared.record
  await using undo = new AsyncDisposableStack()
  const mount = async (): Promise<void> => {
    const options = mountOptions(node, volume, wish)
    const request = { source: device.path, target: path, fsType: volume.fsType, options }
    await mounts.mount(request).catch((error: unknown) => explainMount(error, volume.id, field, request))
    undo.defer(() => mounts.unmount(path))
  }
  if (record) {
    // The record holds even if the mount fails, because mkfs has flushed the file system.
    const { space } = catalog.pool(volume.pool)
    await both(mount(), space.orFull('resource-exhausted', record.commit()))
  } else {
    await mount()
    if (!readOnly) await growToDevice(node, volume, device, path, signal)
    if (volume.fileSystem.state !== 'formatted') await rememberFormatted(node, volume, prepared.uuid)
  }
  undo.move()
}

/** @throws VolumeError for a failure that is not one of the volume; else the failure */
async function explainMount(
  error: unknown,
  id: string,
  field: MountWish['field'],
  { source, target }: MountRequest,
): Promise<never> {
  if (hasErrno(error, 'EBUSY')) {
    throw new VolumeError(
      'aborted',
      `volume "${id}" cannot be mounted at ${target} while another program has ${source} open exclusively; repeat the call`,
      { cause: error },
    )
  }
  if (!hasErrno(error, 'ENOENT', 'ENOTDIR') || (await isDirectory(target))) throw error
  throw new VolumeError(
    'failed-precondition',
    `${field} ${target} is no directory; the CO must create it before it makes the call`,
    { cause: error },
  )
}

/** Remembers the reason of a refusal for the health of the volume, until a stage finds its file system. */
async function prepare(
  node: NodeContext,
  volume: Volume,
  device: LoopDevice,
  readOnly: boolean,
  signal: AbortSignal,
): Promise<PreparedFileSystem> {
  const { withoutFileSystem } = node.catalog.pool(volume.pool)
  try {
    const prepared = await prepareFileSystem(node, volume, device, readOnly, signal)
    withoutFileSystem.delete(volume.id)
    return prepared
  } catch (error) {
    if (error instanceof FileSystemMissing) withoutFileSystem.set(volume.id, error)
    throw error
  }
}

/**
 * Records that the volume is formatted, before a pod can write to a file system that the driver did not
 * create. It is never formatted again. The record is on the disk when this returns.
 * @throws VolumeError resource-exhausted when the disk of the pool is full
 */
async function rememberFormatted({ catalog }: NodeContext, volume: Volume, uuid = ''): Promise<void> {
  const { space, volumes } = catalog.pool(volume.pool)
  const { fileSystem } = volume
  const updating = volumes.update({ ...volume, fileSystem: { state: 'formatted', uuid } })
  try {
    await space.orFull('resource-exhausted', updating)
  } catch (error) {
    // A volume in these states is never formatted either, so a full disk need not prevent the mount.
    const isSafe = fileSystem.state === 'unknown' || fileSystem.state === 'imported'
    if (!isSafe || !isDiskWithoutRoom(error)) throw error
  }
}

function isDiskWithoutRoom(error: unknown): boolean {
  return hasErrno(error, 'EROFS') || (error instanceof VolumeError && error.kind === 'resource-exhausted')
}

/**
 * `discard` or `nodiscard` is always passed: btrfs discards by default wherever the device can (Linux 6.2),
 * which makes holes in thick images. The caller's flags come later, so they take precedence.
 */
function mountOptions(
  { fileSystems }: NodeContext,
  { discard, fsType }: Volume,
  { mountFlags, readOnly }: MountWish,
): string[] {
  return [
    ...fileSystems.mountOptions(fsType),
    discard === 'online' ? 'discard' : 'nodiscard',
    ...mountFlags,
    ...(readOnly ? ['ro'] : []),
  ]
}

function requireRefusal(error: unknown): void {
  if (!(error instanceof VolumeError)) throw error
}
