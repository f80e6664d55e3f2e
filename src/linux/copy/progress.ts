import type { CopyProgress } from '../../volumes/ports.ts'

const INTERVAL_MS = 100

/** Reports progress, but not more often than anybody can follow it. */
export class Progress {
  readonly #report: (progress: CopyProgress) => void
  readonly #totalBytes: bigint
  #copiedBytes = 0n
  #reportedAt = 0

  constructor(totalBytes: bigint, report: (progress: CopyProgress) => void) {
    this.#totalBytes = totalBytes
    this.#report = report
  }

  add(bytes: bigint): void {
    this.#copiedBytes += bytes
    if (performance.now() - this.#reportedAt >= INTERVAL_MS) this.#send()
  }

  end(): void {
    this.#send()
  }

  #send(): void {
    this.#reportedAt = performance.now()
    this.#report({ copiedBytes: this.#copiedBytes, totalBytes: this.#totalBytes })
  }
}
