import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { hasErrno } from '../../volumes/model/errors.ts'

/** The superblock's magic of statfs(2), in <linux/magic.h>. */
export const BTRFS_SUPER_MAGIC = 0x9123683en

/** Data has block groups of its own, or shares them with metadata in small file systems. */
const GROUPS = ['data', 'mixed']

/**
 * Finds the directory in sysfs of the btrfs that is mounted from a device. It reads those of all others, so
 * it is not for each look.
 * @param device its path
 * @returns undefined when no btrfs is mounted from it
 */
export async function findBtrfs(device: string, sysfs = '/sys/fs/btrfs'): Promise<string | undefined> {
  for (const id of await readdir(sysfs)) {
    const devices = await orEmpty(readdir(join(sysfs, id, 'devices')))
    if (devices.includes(basename(device))) return join(sysfs, id)
  }
  return undefined
}

/**
 * What programs have written into a mounted btrfs and it has not yet, in bytes: statfs(2) counts that as
 * free. It is reserved space, `bytes_may_use` of btrfs_space_info (fs/btrfs/space-info.h).
 * @param directory as found by findBtrfs
 */
export async function bytesInMemory(directory: string): Promise<bigint> {
  const counts = GROUPS.map((group) =>
    readFile(join(directory, 'allocation', group, 'bytes_may_use'), 'latin1'),
  )
  const texts = await Promise.all(counts.map((text) => orEmpty(text.then((text) => [text]))))
  return texts.flat().reduce((sum, text) => sum + BigInt(text.trim()), 0n)
}

/** Files that are no file systems are in the directory, and file systems are unmounted meanwhile. */
async function orEmpty(found: Promise<string[]>): Promise<string[]> {
  try {
    return await found
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}
