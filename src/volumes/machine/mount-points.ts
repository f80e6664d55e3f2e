import { lstat, mkdir, open, opendir, rmdir, stat, unlink } from 'node:fs/promises'
import { hasErrno, VolumeError } from '../model/errors.ts'
import type { Mounts } from '../model/ports/mounts.ts'

/**
 * Creates the target path of a publish; the CO creates its parent directory.
 * @returns true when it did not exist before
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

/**
 * Removes a target path that `makeTarget` created: an empty directory or an empty file.
 * @throws VolumeError failed-precondition for anything else, which is not ours and is left alone
 */
export async function removeTarget(path: string): Promise<void> {
  try {
    const found = await lstat(path)
    if (found.isFile() && found.size === 0) await unlink(path)
    else await rmdir(path)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return
    if (!hasErrno(error, 'ENOTDIR', 'ENOTEMPTY')) throw error
    throw new VolumeError(
      'failed-precondition',
      `target_path ${path} is neither an empty directory nor an empty file; remove it if it is not needed`,
      { cause: error },
    )
  }
}

/** Unmounts a volume from a path. @throws VolumeError failed-precondition while something is open there */
export async function unmountIdle(mounts: Mounts, volumeId: string, path: string): Promise<void> {
  try {
    await mounts.unmount(path)
  } catch (error) {
    if (!hasErrno(error, 'EBUSY')) throw error
    const message = `volume "${volumeId}" is still in use at ${path}: a process has something open there`
    throw new VolumeError('failed-precondition', message, { cause: error })
  }
}

/** @throws errors of stat(2) other than ENOENT and ENOTDIR */
export async function pathExists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}

/** False for a path that is absent, or something else. @throws other errors of stat(2) */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}

/** True for a file system that has shut down after errors: it is still mounted, but answers EIO. */
export async function isShutDown(mountPoint: string): Promise<boolean> {
  try {
    await (await opendir(mountPoint)).close()
    return false
  } catch (error) {
    if (hasErrno(error, 'EIO')) return true
    throw error
  }
}
