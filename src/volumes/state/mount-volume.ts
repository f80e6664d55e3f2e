import { VolumeError, hasErrno } from '../model/errors.ts'
import { FileSystemMissing } from '../model/file-system-state.ts'
import type { LoopDevice } from '../model/ports.ts'
import { both } from '../concurrency/side-by-side.ts'
import { sectorBytesOf, type Volume } from '../model/volume.ts'
import type { NodeDependencies } from './dependencies.ts'
import { growToDevice } from './grow-mounted.ts'
import { prepareFileSystem, type PreparedFileSystem } from './prepare-filesystem.ts'
import { shows, strange } from '../machine/uses.ts'

export interface MountWish {
  readonly path: string
  readonly mountFlags: readonly string[]
  readonly readOnly: boolean
  /** Whether the device may be written before it is mounted: formatted, repaired, grown. */
  readonly mayPrepare: boolean
}

/**
 * Attaches a volume and mounts its file system at a path, unless that is done already. The volume's lock is
 * the caller's.
 * @throws VolumeError already-exists when something else is mounted there, or the volume in another way
 */
export async function mountVolume(
  on: NodeDependencies,
  volume: Volume,
  wish: MountWish,
  signal: AbortSignal,
): Promise<void> {
  const { catalog, fileSystems, loops, mounts } = on
  const { mayPrepare, path, readOnly } = wish
  const image = await catalog.wholeImage(volume)
  const mounted = await mountedDevice(on, volume, image, wish)
  if (mounted) {
    // Whoever mounted it may have died before it was grown. Where that is not possible in use it is grown
    // before the next mount.
    if (!readOnly) await growToDevice(on, volume, mounted, path, signal).catch(requireRefusal)
    // Whoever mounted it may have died before the record was written.
    if (volume.fileSystem.state !== 'formatted')
      await rememberFormatted(on, volume, (await fileSystems.identify(mounted.path))?.uuid)
    return
  }
  // Until it is mounted only our open file keeps the device: if anything fails, or we die, the kernel
  // detaches it.
  await using attachment = await loops.attach(
    image,
    {
      name: volume.id,
      readOnly: false,
      autoclear: true,
      directIo: volume.directIo,
      sectorBytes: sectorBytesOf(volume),
    },
    signal,
  )
  const { device } = attachment
  const prepared = await prepare(on, volume, device, !mayPrepare, signal)
  await using record = prepared.record
  await using undo = new AsyncDisposableStack()
  const mount = async (): Promise<void> => {
    const options = mountOptions(on, volume, wish)
    await mounts.mount({ source: device.path, target: path, fsType: volume.fsType, options })
    undo.defer(() => mounts.unmount(path))
  }
  if (record) {
    // The record is true whatever becomes of the mount, because mkfs has flushed the file system.
    const { space } = catalog.pool(volume.pool)
    await both(mount(), space.orFull('resource-exhausted', record.commit()))
  } else {
    await mount()
    if (!readOnly) await growToDevice(on, volume, device, path, signal)
    if (volume.fileSystem.state !== 'formatted') await rememberFormatted(on, volume, prepared.uuid)
  }
  undo.move()
}

/**
 * The reason for a refusal stays with the pool, for its health, until a stage finds the file system in its
 * place.
 */
async function prepare(
  on: NodeDependencies,
  volume: Volume,
  device: LoopDevice,
  readOnly: boolean,
  signal: AbortSignal,
): Promise<PreparedFileSystem> {
  const { withoutFileSystem } = on.catalog.pool(volume.pool)
  try {
    const prepared = await prepareFileSystem(on, volume, device, readOnly, signal)
    withoutFileSystem.delete(volume.id)
    return prepared
  } catch (error) {
    if (error instanceof FileSystemMissing) withoutFileSystem.set(volume.id, error)
    throw error
  }
}

/**
 * From now on a pod may write to a file system that was there before us, so the volume is never formatted
 * again. The record is on the disk when this returns.
 * @throws VolumeError resource-exhausted when the disk of the pool is full
 */
async function rememberFormatted({ catalog }: NodeDependencies, volume: Volume, uuid = ''): Promise<void> {
  const { space, volumes } = catalog.pool(volume.pool)
  const { fileSystem } = volume
  const updating = volumes.update({ ...volume, fileSystem: { state: 'formatted', uuid } })
  try {
    await space.orFull('resource-exhausted', updating)
  } catch (error) {
    // What is there under these is not formatted either, so a full disk is no reason to keep a volume from
    // its pods.
    const isSafe = fileSystem.state === 'unknown' || fileSystem.state === 'imported'
    if (!isSafe || !isDiskWithoutRoom(error)) throw error
  }
}

function isDiskWithoutRoom(error: unknown): boolean {
  return hasErrno(error, 'EROFS') || (error instanceof VolumeError && error.kind === 'resource-exhausted')
}

async function mountedDevice(
  on: NodeDependencies,
  volume: Volume,
  image: string,
  wish: MountWish,
): Promise<LoopDevice | undefined> {
  const { loops, mounts } = on
  const { path, readOnly } = wish
  const found = await mounts.at(path)
  if (!found) return undefined
  const attached = await loops.find(image)
  if (!attached || !shows(found, attached.device)) throw strange(volume.id, path, found)
  const differing = mounts.differences(found, mountOptions(on, volume, wish))
  if (differing.length === 0) return attached.device
  if (found.readOnly !== readOnly) {
    throw new VolumeError(
      'already-exists',
      `volume "${volume.id}" is mounted at ${path} ${found.readOnly ? 'read-only' : 'read-write'} already`,
    )
  }
  throw new VolumeError(
    'already-exists',
    `volume "${volume.id}" is mounted at ${path} with other mount flags already: they differ in ${differing.join(', ')}`,
  )
}

/**
 * Discarding is never left to the file system's own mind: btrfs discards by default wherever the device can
 * (Linux 6.2), which makes holes in thick images. The caller's flags come later and so count more.
 */
function mountOptions(
  { fileSystems }: NodeDependencies,
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
