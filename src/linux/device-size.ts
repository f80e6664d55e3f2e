import type { FileHandle } from 'node:fs/promises'
import { sizeOf } from './loop/device.ts'

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
