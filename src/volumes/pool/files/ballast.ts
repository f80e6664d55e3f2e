import { join } from 'node:path'
import { never } from '../../concurrency/deadlines.ts'
import { hasErrno } from '../../model/errors.ts'
import type { ImageFiles } from '../../model/ports/image-files.ts'
import { truncate } from '../gate/turn.ts'

const BALLAST = '.ballast'

const BALLAST_BYTES = 1n << 20n

/**
 * Space that a pool keeps so that volumes can be deleted when its disk is full: in a full XFS the new name of
 * a rename may need a block. It is a file, whose blocks are freed when they are needed.
 */
export class Ballast {
  readonly #path: string
  readonly #files: ImageFiles
  #isWhole = false

  /** @param pool its directory */
  constructor(pool: string, files: ImageFiles) {
    this.#path = join(pool, BALLAST)
    this.#files = files
  }

  /** Takes the space that it has not got, if the disk has it. */
  async restore(): Promise<void> {
    if (this.#isWhole) return
    try {
      await this.#take()
      this.#isWhole = true
    } catch (error) {
      if (!hasErrno(error, 'ENOSPC', 'EDQUOT', 'EROFS')) throw error
    }
  }

  async #take(): Promise<void> {
    try {
      await this.#files.create(this.#path, BALLAST_BYTES, true, never)
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error
      await this.#files.grow(this.#path, BALLAST_BYTES, true, never)
    }
  }

  /** Does work; when it finds no space, it is done again with that of the ballast. */
  async backing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!hasErrno(error, 'ENOSPC', 'EDQUOT') || !(await this.#give())) throw error
      return await work()
    }
  }

  /** @returns whether there was any */
  async #give(): Promise<boolean> {
    try {
      if ((await this.#files.size(this.#path)).logical === 0n) return false
      this.#isWhole = false
      await truncate(this.#path, 0)
      return true
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return false
      throw error
    }
  }
}
