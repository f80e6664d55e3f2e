import { statfs, lstat } from 'node:fs/promises'
import { readMountInfo } from './find-mount.ts'
import { parseMountInfo } from './mountinfo.ts'

/**
 * The number of the mount that an absolute path without symbolic links lies in, of the list alone: unlike
 * mountIdOf it does not wait for a file system that does not answer.
 */
export async function mountIdUnder(path: string): Promise<number | undefined> {
  let [found, length] = [undefined as number | undefined, -1]
  for (const { id, target } of parseMountInfo(await readMountInfo())) {
    const isAbove = target === '/' || path === target || path.startsWith(`${target}/`)
    // Of several at one path the last one in the list covers the others.
    if (isAbove && target.length >= length) [found, length] = [id, target.length]
  }
  return found
}

/**
 * Settles as soon as the file system of the path answers: a FUSE or network file system asks its server for
 * both.
 */
export async function askFileSystem(path: string): Promise<void> {
  await statfs(path)
  await lstat(path)
}
