import { LinuxImageCopier } from '../../src/linux/images/image-copier.ts'
import { never } from '../../src/volumes/concurrency/deadlines.ts'
import type { CopyProgress, Extent, ImageCopier } from '../../src/volumes/model/ports/image-copier.ts'

export type CopierOperation = 'share' | 'copy' | 'update' | 'updateWithin'

/** What a test has happen when an operation begins: it waits, or fails, or the source changes. */
export type CopierHook = (operation: CopierOperation, source: string, signal: AbortSignal) => unknown

/** The real copier, which needs neither root nor a device, with a log and a hand in what happens. */
export class WatchedCopier implements ImageCopier {
  readonly #real = new LinuxImageCopier()
  readonly #log: string[]
  hook: CopierHook | undefined
  /** Whether it claims to share blocks. */
  shares = false

  constructor(log: string[]) {
    this.#log = log
  }

  canShare(): Promise<boolean> {
    return Promise.resolve(this.shares)
  }

  async share(source: string, target: string): Promise<boolean> {
    if (!this.shares) return false
    await this.#begin('share', source, never)
    await this.#real.copy(source, target, () => undefined, never)
    return true
  }

  async shareAgain(source: string, target: string): Promise<boolean> {
    await this.#begin('share', source, never)
    await this.#real.update(source, target, never)
    return true
  }

  async copy(
    source: string,
    target: string,
    onProgress: (progress: CopyProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#begin('copy', source, signal)
    await this.#real.copy(source, target, onProgress, signal)
  }

  async update(source: string, target: string, signal: AbortSignal): Promise<bigint> {
    await this.#begin('update', source, signal)
    return this.#real.update(source, target, signal)
  }

  async updateWithin(
    source: string,
    target: string,
    changed: readonly Extent[],
    signal: AbortSignal,
  ): Promise<bigint> {
    await this.#begin('updateWithin', source, signal)
    return this.#real.updateWithin(source, target, changed, signal)
  }

  extents(path: string, from: bigint, signal: AbortSignal): AsyncIterable<Extent> {
    return this.#real.extents(path, from, signal)
  }

  differences(base: string, target: string, from: bigint, signal: AbortSignal): AsyncIterable<Extent> {
    return this.#real.differences(base, target, from, signal)
  }

  async #begin(operation: CopierOperation, source: string, signal: AbortSignal): Promise<void> {
    this.#log.push(`${operation} ${source}`)
    await this.hook?.(operation, source, signal)
  }
}
