import type { FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { sizeOf } from './device.ts'
import { readAttribute } from '../sysfs.ts'

/**
 * The bytes of an open block device, or of a regular file in its place.
 * @throws Error for anything else: a directory or a terminal has no size that could be formatted
 */
export async function deviceSize(handle: FileHandle, path: string): Promise<bigint> {
  const stat = await handle.stat({ bigint: true })
  if (stat.isBlockDevice()) return sizeOf(handle.fd)
  if (stat.isFile()) return stat.size
  throw new Error(`${path} is neither a block device nor a file`)
}

/** sysfs counts in these, whatever the sectors of the device are (Documentation/ABI/stable/sysfs-block). */
const SECTOR_BYTES = 512n

/**
 * The bytes of a block device whose node is named as the kernel does: without opening it, which takes ten
 * times as long.
 */
export function deviceSizeByName(path: string): bigint {
  return BigInt(readAttribute(`/sys/class/block/${basename(path)}/size`)) * SECTOR_BYTES
}
