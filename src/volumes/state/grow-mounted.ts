import { hasErrno } from '../model/errors.ts'
import type { LoopDevice } from '../model/ports/loop-devices.ts'
import type { Volume } from '../model/volume.ts'
import type { NodeContext } from './context.ts'

/**
 * Makes a mounted file system as large as its device. For the inode tables of what it gets, ext4 has blocks
 * zeroed, which the loop device does by punching holes (sb_issue_zeroout() of the kernel): a thick image gets
 * its blocks again.
 * @param path where it is mounted for writing
 * @throws VolumeError failed-precondition where it cannot be grown while it is mounted; ENOSPC when somebody
 * else was faster to take the blocks of a thick volume, whose file system has grown all the same
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
 * As `growMounted`, for a stage: a disk that has no blocks for a thick volume that has grown is no reason to
 * keep it from its pods.
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
