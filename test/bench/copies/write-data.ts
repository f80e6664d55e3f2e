import { randomFillSync } from 'node:crypto'
import { open } from 'node:fs/promises'

const BLOCK_BYTES = 1 << 20

/** Makes a file of random content, which is on the disk when this returns. */
export async function writeData(path: string, mebibytes: number): Promise<void> {
  await using file = await open(path, 'wx')
  const block = Buffer.alloc(BLOCK_BYTES)
  for (let index = 0; index < mebibytes; index++) await file.write(randomFillSync(block))
  await file.sync()
}
