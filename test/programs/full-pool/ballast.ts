import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { MiB } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

/**
 * So much at a time, and a pause: less than the 2 GiB/s that the driver allows for
 * (docs/decisions/0034-full-pool.md).
 */
const STEP_BYTES = 16 * MiB
const PAUSE_MS = 15

/** A file of another program, which takes the space of a disk. */
export class Ballast implements AsyncDisposable {
  readonly #disk: string

  /** @param disk where it is mounted */
  constructor(disk: string) {
    this.#disk = disk
  }

  /** Takes space until so much is free, in bytes, or there is none that a file could get. */
  async leave(bytes: number, signal: AbortSignal): Promise<void> {
    for (let taken = 0, free = await this.#freeBytes(); free > bytes; free = await this.#freeBytes()) {
      const step = Math.ceil(Math.min(STEP_BYTES, free - bytes))
      if (!(await this.#take(taken, step))) break
      taken += step
      await setTimeout(PAUSE_MS, undefined, { signal })
    }
  }

  /** @returns whether there was so much: btrfs may count space as free that is for metadata only */
  #take(offset: number, bytes: number): Promise<boolean> {
    return tool('fallocate', '--offset', `${offset}`, '--length', `${bytes}`, this.#file).then(
      () => true,
      () => false,
    )
  }

  async remove(): Promise<void> {
    await rm(this.#file, { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove()
  }

  get #file(): string {
    return join(this.#disk, 'ballast')
  }

  async #freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#disk)
    return bavail * bsize
  }
}
