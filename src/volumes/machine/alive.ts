import { opendir } from 'node:fs/promises'
import { hasErrno } from '../model/errors.ts'

/** False for a file system that has shut down after errors: it answers EIO, though it is still mounted. */
export async function isAlive(mountPoint: string): Promise<boolean> {
  try {
    await (await opendir(mountPoint)).close()
    return true
  } catch (error) {
    if (hasErrno(error, 'EIO')) return false
    throw error
  }
}
