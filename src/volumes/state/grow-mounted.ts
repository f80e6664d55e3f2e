import { hasErrno } from '../model/errors.ts'
import type { LoopDevice } from '../model/ports/loop-devices.ts'
import type { Volume } from '../model/volume.ts'
import type { NodeContext } from './context.ts'

/**
 * Grows a mounted file system to the size of its device. ext4 zeroes new inode tables, and the loop device
 * does that by punching holes (sb_issue_zeroout() of the kernel), so the blocks of a thick image are
 * allocated again afterwards.
 * @param path where it is mounted for writing
 * @throws VolumeError failed-precondition where it cannot be grown while it is mounted; ENOSPC when the disk
 * has no blocks left for a thick volume, whose file system has grown even so
 */
export async function growMounted(
  { catalog, fileSystems, files }: NodeContext,
  volume: Volume,
  device: LoopDevice,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  await fileSystems.grow(volume.fsType, device.path, path, signal)
  if (volume.provisioning === 'thick') await files.allocate(catalog.image(volume), signal)
}

/**
 * As `growMounted`, for a stage, which must not fail when the disk has no blocks left for a grown thick
 * volume.
 */
export async function growToDevice(
  on: NodeContext,
  volume: Volume,
  device: LoopDevice,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const { fileSystems } = on
  const { fsType, provisioning } = volume
  if (provisioning === 'thin' || !(await fileSystems.hasRoomToGrow(fsType, device.path))) {
    await fileSystems.grow(fsType, device.path, path, signal)
    return
  }
  try {
    await growMounted(on, volume, device, path, signal)
  } catch (error) {
    if (!hasErrno(error, 'ENOSPC', 'EDQUOT')) throw error
  }
}
