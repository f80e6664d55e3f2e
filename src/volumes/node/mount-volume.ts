import { VolumeError } from '../errors.ts'
import type { LoopDevice } from '../ports.ts'
import { sectorBytesOf, type Volume } from '../volume.ts'
import type { NodeDependencies } from './dependencies.ts'
import { prepareFileSystem } from './prepare-filesystem.ts'
import { shows, strange } from './uses.ts'

export interface MountWish {
  readonly path: string
  readonly mountFlags: readonly string[]
  readonly readOnly: boolean
  /** Whether the device may be written before it is mounted: formatted, repaired, grown. */
  readonly mayPrepare: boolean
}

/**
 * Attaches a volume and mounts its file system at a path, unless that is done already. The volume's lock is the caller's.
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
    if (!readOnly) await growFurther(on, volume, mounted, path, signal)
    return
  }
  // Until it is mounted only our open file keeps the device: if anything fails, or we die, the kernel detaches it.
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
  const state = await prepareFileSystem(on, volume, device, !mayPrepare, signal)
  await mounts.mount({
    source: device.path,
    target: path,
    fsType: volume.fsType,
    options: mountOptions(on, volume, wish),
  })
  if (state !== 'checked' || readOnly) return
  await using undo = new AsyncDisposableStack()
  undo.defer(() => mounts.unmount(path))
  await fileSystems.grow(volume.fsType, device.path, path, signal)
  undo.move()
}

/** Whoever mounted it may have died before it was grown. */
async function growFurther(
  { fileSystems }: NodeDependencies,
  { fsType }: Volume,
  device: LoopDevice,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await fileSystems.grow(fsType, device.path, path, signal)
  } catch (error) {
    // Not possible while it is mounted; then it is done before the next mount.
    if (!(error instanceof VolumeError)) throw error
  }
}

async function mountedDevice(
  { loops, mounts }: NodeDependencies,
  volume: Volume,
  image: string,
  { path, readOnly }: MountWish,
): Promise<LoopDevice | undefined> {
  const found = await mounts.at(path)
  if (!found) return undefined
  const attached = await loops.find(image)
  if (!attached || !shows(found, attached.device)) throw strange(volume.id, path, found)
  if (found.readOnly === readOnly) return attached.device
  throw new VolumeError(
    'already-exists',
    `volume "${volume.id}" is mounted at ${path} ${found.readOnly ? 'read-only' : 'read-write'} already`,
  )
}

/**
 * Discarding is never left to the file system's own mind: btrfs discards by default wherever the device can (Linux 6.2),
 * which makes holes in thick images. The caller's flags come later and so count more.
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
