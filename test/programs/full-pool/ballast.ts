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

  /** Takes space until so much is free, in bytes. */
  async leave(bytes: number, signal: AbortSignal): Promise<void> {
    for (let taken = 0, free = await this.#freeBytes(); free > bytes; free = await this.#freeBytes()) {
      const step = Math.min(STEP_BYTES, free - bytes)
      await tool('fallocate', '--offset', `${taken}`, '--length', `${step}`, this.#file)
      taken += step
      await setTimeout(PAUSE_MS, undefined, { signal })
    }
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
