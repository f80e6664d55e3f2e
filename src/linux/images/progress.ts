import type { CopyProgress } from '../../volumes/model/ports.ts'

const INTERVAL_MS = 100

/** Reports progress, but not more often than anybody can follow it. */
export class Progress {
  readonly #report: (progress: CopyProgress) => void
  #totalBytes: bigint
  #copiedBytes = 0n
  #reportedAt = 0

  /** @param totalBytes what is expected, and grows when it was too little */
  constructor(totalBytes: bigint, report: (progress: CopyProgress) => void) {
    this.#totalBytes = totalBytes
    this.#report = report
  }

  add(bytes: bigint): void {
    this.#copiedBytes += bytes
    if (this.#totalBytes < this.#copiedBytes) this.#totalBytes = this.#copiedBytes
    if (performance.now() - this.#reportedAt >= INTERVAL_MS) this.#send()
  }

  /** The total was an estimate. */
  end(): void {
    this.#totalBytes = this.#copiedBytes
    this.#send()
  }

  #send(): void {
    this.#reportedAt = performance.now()
    this.#report({ copiedBytes: this.#copiedBytes, totalBytes: this.#totalBytes })
  }
}
