import type { CsiClient } from '../../src/csi/client.ts'
import { inParallel } from '../harness/in-parallel.ts'
import type { Progress } from '../harness/progress.ts'
import { CsiContender, type CsiLife } from './csi-contender.ts'

const VOLUME_BYTES = 64n << 20n
const AT_ONCE = 16

/** Many staged volumes of one driver, beside which it does its work. */
export class Crowd {
  readonly #directory: string
  readonly #names: readonly string[]
  readonly #progress: Progress
  readonly #signal: AbortSignal

  /** @param directory for staging paths */
  constructor(directory: string, volumes: number, progress: Progress, signal: AbortSignal) {
    this.#directory = directory
    this.#names = Array.from({ length: volumes }, (_, index) => `many-${index}`)
    this.#progress = progress
    this.#signal = signal
  }

  async stage(client: CsiClient): Promise<void> {
    await this.#each(client, 'volumes staged', (life) => life.stage())
  }

  /** @param client of the same driver, or of the one that came after it */
  async remove(client: CsiClient): Promise<void> {
    await this.#each(client, 'volumes deleted', async (life) => {
      await life.unstage()
      await life.delete()
    })
  }

  async #each(client: CsiClient, part: string, action: (life: CsiLife) => Promise<void>): Promise<void> {
    const contender = new CsiContender('driver', client, this.#directory)
    let done = 0
    await inParallel(this.#names, AT_ONCE, async (name) => {
      this.#signal.throwIfAborted()
      const life = await contender.begin(name, VOLUME_BYTES)
      // A later driver also learns from this call which volume has the name.
      await life.create()
      await action(life)
      this.#progress(part, ++done, this.#names.length)
    })
  }
}
