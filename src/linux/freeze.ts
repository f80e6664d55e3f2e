import { hasErrno } from '../volumes/errors.ts'
import { FIFREEZE, FITHAW } from './file-abi.ts'
import { ioctl, syncfs } from './libc.ts'
import { openMountPoint } from './mount-point.ts'

/** Writes everything out and holds up all writers until thaw(). @throws EBUSY when it is frozen already */
export async function freeze(mountPoint: string): Promise<void> {
  await using directory = await openMountPoint(mountPoint)
  await ioctl(directory.fd, FIFREEZE, 0, `freeze ${mountPoint}`)
}

/** @returns false when it was not frozen */
export async function thaw(mountPoint: string): Promise<boolean> {
  await using directory = await openMountPoint(mountPoint)
  try {
    await ioctl(directory.fd, FITHAW, 0, `thaw ${mountPoint}`)
    return true
  } catch (error) {
    if (hasErrno(error, 'EINVAL')) return false
    throw error
  }
}

/** Writes everything out without holding anybody up. */
export async function flush(mountPoint: string): Promise<void> {
  await using directory = await openMountPoint(mountPoint)
  await syncfs(directory.fd, `flush ${mountPoint}`)
}
