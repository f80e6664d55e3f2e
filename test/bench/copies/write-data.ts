import { randomFillSync } from 'node:crypto'
import { open } from 'node:fs/promises'

const CHUNK_BYTES = 1 << 20
const BLOCK_BYTES = 4 << 10

/** Makes a file of random content, which is on the disk when this returns. */
export async function writeData(path: string, mebibytes: number): Promise<void> {
  await using file = await open(path, 'wx')
  const chunk = Buffer.alloc(CHUNK_BYTES)
  for (let index = 0; index < mebibytes; index++) await file.write(randomFillSync(chunk))
  await file.sync()
}

/**
 * Makes a file of so many single blocks, each with a hole of three behind it, as an image gets by random
 * writes.
 */
export async function writeFragments(path: string, extents: number): Promise<void> {
  await using file = await open(path, 'wx')
  await file.truncate(extents * 4 * BLOCK_BYTES)
  const block = Buffer.alloc(BLOCK_BYTES)
  for (let index = 0; index < extents; index++) {
    await file.write(randomFillSync(block), 0, BLOCK_BYTES, index * 4 * BLOCK_BYTES)
  }
  await file.sync()
}
