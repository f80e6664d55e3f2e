import { constants, mkdir, open, readdir, rmdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrno } from '../../volumes/model/errors.ts'
import { mount, umount2 } from '../system-calls.ts'
import { unmountFlags } from '../abi/mount.ts'

/** The prefix of the names of our instances, by which people and sweep() recognize them. */
const PREFIX = 'csi-driver-loop-'

/**
 * The kernel's event tracing, mounted for this process only: the mount is removed from the tree at once, and
 * ends when the directory is closed.
 */
export class Tracefs implements AsyncDisposable {
  readonly #root: FileHandle

  private constructor(root: FileHandle) {
    this.#root = root
  }

  /**
   * @param place a directory, which is created and removed again
   * @throws EPERM where a locked-down kernel or a container forbids it, ENODEV where the kernel has no
   * tracing
   */
  static async open(place: string): Promise<Tracefs> {
    await mkdir(place, { recursive: true })
    try {
      return new Tracefs(await openMounted(place))
    } finally {
      await rmdir(place)
    }
  }

  /**
   * The directory of a new instance: buffers and events that are separate from other users of tracing.
   * @throws EEXIST
   */
  async makeInstance(name: string): Promise<string> {
    const path = join(this.#instances, PREFIX + name)
    await mkdir(path)
    return path
  }

  /**
   * Removes the instances of processes that have ended: those of ours that no process reads. Call this at
   * start.
   */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#instances)) {
      if (name.startsWith(PREFIX)) await removeInstance(join(this.#instances, name))
    }
  }

  get #instances(): string {
    return `/proc/self/fd/${this.#root.fd}/instances`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#root.close()
  }
}

async function openMounted(place: string): Promise<FileHandle> {
  await mount('tracefs', place, 'tracefs', 0, null)
  try {
    return await open(place, constants.O_RDONLY | constants.O_DIRECTORY)
  } finally {
    await umount2(place, unmountFlags.detach | unmountFlags.noFollow)
  }
}

/**
 * Removes an instance, or finds that another process has done so in a sweep.
 * @returns false while a process reads from it
 */
export async function removeInstance(path: string): Promise<boolean> {
  try {
    await rmdir(path)
    return true
  } catch (error) {
    if (hasErrno(error, 'EBUSY')) return false
    if (hasErrno(error, 'ENOENT', 'ENODEV')) return true
    throw error
  }
}
