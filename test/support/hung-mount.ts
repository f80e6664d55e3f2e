import type { FileHandle } from 'node:fs/promises'
import { mountFuse } from '../disk/mount-fuse.ts'
import { tool } from '../tool.ts'

/**
 * A FUSE file system over a directory, whose server never answers: every call to it waits in the kernel,
 * where only the end of the connection, or SIGKILL, ends it.
 */
export class HungMount implements AsyncDisposable {
  readonly #path: string
  readonly #device: FileHandle
  #isMounted = true
  #isOpen = true

  private constructor(path: string, device: FileHandle) {
    this.#path = path
    this.#device = device
  }

  static async over(path: string): Promise<HungMount> {
    return new HungMount(path, await mountFuse('hung', path, 'directory'))
  }

  /** Ends the connection: all calls that wait fail, and later ones too (fuse(4)). */
  async abort(): Promise<void> {
    if (this.#isOpen) await this.#device.close()
    this.#isOpen = false
  }

  /** What was there before is seen again; calls that wait go on waiting. */
  async unmount(): Promise<void> {
    if (this.#isMounted) await tool('umount', '--lazy', this.#path)
    this.#isMounted = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unmount()
    await this.abort()
  }
}
