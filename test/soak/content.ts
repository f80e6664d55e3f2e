import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

const BYTES = 1 << 20

/**
 * Writes a megabyte that follows from the name to the beginning of a file or device. It is on the disk when
 * this returns.
 */
export async function writeContent(path: string, name: string): Promise<void> {
  await using file = await open(path, 'r+').catch(() => open(path, 'wx'))
  await file.write(contentOf(name), 0, BYTES, 0)
  await file.sync()
}

/** @throws unless all of it is there */
export async function checkContent(path: string, name: string): Promise<void> {
  await using file = await open(path, 'r')
  const found = Buffer.alloc(BYTES)
  const { bytesRead } = await file.read(found, 0, BYTES, 0)
  const expected = contentOf(name)
  if (found.equals(expected)) return
  const at = found.findIndex((byte, index) => byte !== expected[index])
  throw new Error(`${path} has ${bytesRead} bytes, of which number ${at} is not what ${name} has written`)
}

/** No part of it is like another, so that a block in the wrong place is found. */
function contentOf(name: string): Buffer {
  return createHash('shake256', { outputLength: BYTES }).update(name).digest()
}
