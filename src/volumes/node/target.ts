import { mkdir, open, rmdir, stat, unlink } from 'node:fs/promises'
import { VolumeError, hasErrno } from '../errors.ts'

/**
 * Makes the place where a container is going to see its volume; the directory above it is the CO's to make.
 * @returns true when it was not there before
 */
export async function makeTarget(path: string, kind: 'directory' | 'file'): Promise<boolean> {
  try {
    if (kind === 'directory') await mkdir(path, { mode: 0o750 })
    else await (await open(path, 'wx', 0o600)).close()
    return true
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error
    const found = await stat(path)
    if (kind === 'directory' ? found.isDirectory() : !found.isDirectory()) return false
    throw new VolumeError('already-exists', `target_path ${path} exists and is no ${kind}`)
  }
}

/** Removes an empty directory or a file, never what is in a directory. */
export async function removeTarget(path: string): Promise<void> {
  try {
    await rmdir(path)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return
    if (!hasErrno(error, 'ENOTDIR')) throw error
    await unlink(path)
  }
}
