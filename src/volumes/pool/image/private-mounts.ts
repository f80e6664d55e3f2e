import { mkdir } from 'node:fs/promises'
import { hasErrno } from '../../model/errors.ts'
import type { Mounts } from '../../model/ports/mounts.ts'

/**
 * The directory of the driver's own mounts. It is a private mount, so that no other mount namespace gets
 * copies of the mounts below: such a copy keeps a file system in use as long as that namespace exists.
 */
export class PrivateMounts implements AsyncDisposable {
  readonly #mounts: Mounts
  readonly #path: string
  #isPrepared = false

  constructor(mounts: Mounts, path: string) {
    this.#mounts = mounts
    this.#path = path
  }

  /** Idempotent, also after a crash. */
  async prepare(): Promise<void> {
    if (this.#isPrepared) return
    if (!(await this.#mounts.at(this.#path))) {
      await mkdir(this.#path, { recursive: true, mode: 0o700 })
      await this.#mounts.bind(this.#path, this.#path, { readOnly: false })
    }
    await this.#mounts.makePrivate(this.#path)
    this.#isPrepared = true
  }

  /** Mounts that are still in use stay, and the directory with them; the next start reuses both. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isPrepared) return
    try {
      await this.#mounts.unmount(this.#path)
    } catch (error) {
      if (!hasErrno(error, 'EBUSY')) throw error
    }
  }
}
