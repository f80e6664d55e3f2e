import { open, stat } from 'node:fs/promises'
import { tool } from '../tool.ts'

/** st_blocks counts these (stat(2)). */
const STAT_BLOCK_BYTES = 512

export const BLOCK_BYTES = 4096

/** Makes a file of this size that is one hole. */
export async function makeSparse(path: string, bytes: number): Promise<void> {
  await using file = await open(path, 'wx')
  await file.truncate(bytes)
}

/** Makes a file of so many single blocks with holes between them. */
export async function makeFragmented(path: string, blocks: number): Promise<void> {
  await makeSparse(path, blocks * 4 * BLOCK_BYTES)
  await using file = await open(path, 'r+')
  for (let block = 0; block < blocks; block++) {
    await file.write(Buffer.alloc(BLOCK_BYTES, block), 0, BLOCK_BYTES, block * 4 * BLOCK_BYTES)
  }
}

/** Writes the byte over and over. */
export async function fill(path: string, offset: number, bytes: number, byte: number): Promise<void> {
  await using file = await open(path, 'r+')
  await file.write(Buffer.alloc(bytes, byte), 0, bytes, offset)
}

/** Makes a hole. */
export async function punch(path: string, offset: number, bytes: number): Promise<void> {
  await tool('fallocate', '--punch-hole', '--offset', `${offset}`, '--length', `${bytes}`, path)
}

export async function allocated(path: string): Promise<number> {
  // Some file systems decide only when they write it out.
  await tool('sync', path)
  return (await stat(path)).blocks * STAT_BLOCK_BYTES
}

/** @throws unless both have the same bytes; cmp is the witness */
export async function expectEqual(a: string, b: string): Promise<void> {
  await tool('cmp', a, b)
}

/** Numbers that look random and are the same in every run: from 0 to below `limit`. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  roll(limit: number): number {
    // The constants of "Numerical Recipes"; the low bits are poor, the high ones are used.
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * limit)
  }

  /** Writes to a file, or makes holes, at random places. */
  async change(path: string, fileBytes: number): Promise<void> {
    const offset = this.roll(fileBytes)
    const bytes = Math.min(1 + this.roll(this.roll(2) === 0 ? 5_000 : 700_000), fileBytes - offset)
    if (this.roll(3) === 0) await punch(path, offset, bytes)
    else await fill(path, offset, bytes, this.roll(4))
  }
}
