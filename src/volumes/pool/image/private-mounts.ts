import { mkdir } from 'node:fs/promises'
import { hasErrno } from '../../model/errors.ts'
import type { Mounts } from '../../model/ports/mounts.ts'

/**
 * A directory below which the driver mounts for itself. It is a mount of its own, private, so that no other
 * mount namespace gets a copy of what is mounted there, which would keep it in use for as long as that
 * namespace lives.
 */
export class PrivateMounts implements AsyncDisposable {
  readonly #mounts: Mounts
  readonly #path: string
  #isPrepared = false

  constructor(mounts: Mounts, path: string) {
    this.#mounts = mounts
    this.#path = path
  }

  /** Can be repeated, also after a crash. */
  async prepare(): Promise<void> {
    if (this.#isPrepared) return
    if (!(await this.#mounts.at(this.#path))) {
      await mkdir(this.#path, { recursive: true, mode: 0o700 })
      await this.#mounts.bind(this.#path, this.#path, { readOnly: false })
    }
    await this.#mounts.makePrivate(this.#path)
    this.#isPrepared = true
  }

  /** What is still in use below stays, and the directory with it; the next start goes on with both. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isPrepared) return
    try {
      await this.#mounts.unmount(this.#path)
    } catch (error) {
      if (!hasErrno(error, 'EBUSY')) throw error
    }
  }
}
