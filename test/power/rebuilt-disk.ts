import { open, type FileHandle } from 'node:fs/promises'
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../../src/linux/abi/files.ts'
import { fallocate } from '../../src/linux/system-calls.ts'
import type { Entry } from '../disk/journal.ts'
import { tool } from '../tool.ts'
import { durable, isChange, kept, type Change, type Cut } from './cuts.ts'

/** Makes the content that a disk has after a power cut from its journal. The cuts come in their order. */
export class DiskRebuilder implements AsyncDisposable {
  readonly #entries: readonly Entry[]
  readonly #data: FileHandle
  /** The content that is durable. */
  readonly #base: FileHandle
  readonly #basePath: string
  #applied = 0

  private constructor(entries: readonly Entry[], data: FileHandle, base: FileHandle, basePath: string) {
    this.#entries = entries
    this.#data = data
    this.#base = base
    this.#basePath = basePath
  }

  /** @param basePath a file of its own */
  static async open(
    entries: readonly Entry[],
    dataPath: string,
    basePath: string,
    bytes: number,
  ): Promise<DiskRebuilder> {
    const data = await open(dataPath, 'r')
    const base = await open(basePath, 'w+')
    await base.truncate(bytes)
    return new DiskRebuilder(entries, data, base, basePath)
  }

  /**
   * Writes the content after a cut into a file.
   * @param random between 0 and 1
   */
  async rebuild({ at, rule }: Cut, path: string, random: () => number): Promise<void> {
    const end = durable(this.#entries, at)
    if (end < this.#applied) throw new Error(`the cut at ${at} is before one that was made already`)
    await this.#apply(this.#base, this.#entries.slice(this.#applied, end).filter(isChange))
    this.#applied = end
    await tool('cp', '--sparse=always', this.#basePath, path)
    await using file = await open(path, 'r+')
    await this.#apply(file, kept(this.#entries.slice(end, at).filter(isChange), rule, random))
  }

  async #apply(file: FileHandle, changes: readonly Change[]): Promise<void> {
    for (const change of changes) {
      const { offset, length } = change
      if (change.type === 'write') {
        const bytes = Buffer.alloc(length)
        await this.#data.read(bytes, 0, length, change.at)
        await file.write(bytes, 0, length, offset)
      } else if (length > 0) {
        const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
        await fallocate(file.fd, mode, BigInt(offset), BigInt(length), 'a discard')
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#data.close()
    await this.#base.close()
  }
}
