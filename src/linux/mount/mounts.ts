import { constants, open, stat, statfs, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { hasErrno, VolumeError } from '../../volumes/model/errors.ts'
import type { LoopDevice } from '../../volumes/model/ports/loop-devices.ts'
import type {
  MountEntry,
  MountRequest,
  Mounts,
  OpenFileSystem,
  TrimStep,
} from '../../volumes/model/ports/mounts.ts'
import { decodeTrimmed, encodeTrimRange, FITRIM } from '../abi/files.ts'
import { mountFlags, unmountFlags } from '../abi/mount.ts'
import { withLoops } from '../loop/mount-loops.ts'
import { findMount, listMountInfo, mountIdAt } from '../mountinfo/find-mount.ts'
import { waitForStartingChildren } from '../process/posix-spawn.ts'
import { ioctlStruct, mount, umount2 } from '../system-calls.ts'
import { bindReadOnly } from './mount-api.ts'
import { differingOptions, parseMountOptions } from './mount-options.ts'
import { openFileSystem } from './open-filesystem.ts'

/** For programs that have the device open exclusively for a moment, such as one that looks for devices. */
const BUSY_ATTEMPTS = 20
const MAX_BUSY_PAUSE_MS = 20

/** The system calls, which a test replaces by failing ones. */
export interface MountCalls {
  readonly mount: typeof mount
  readonly umount2: typeof umount2
  readonly bindReadOnly: typeof bindReadOnly
}

/** The Mounts port on mount(2) and umount2(2), in the mount namespace of this process. */
export class LinuxMounts implements Mounts {
  readonly #system: MountCalls

  constructor(system: MountCalls = { mount, umount2, bindReadOnly }) {
    this.#system = system
  }

  /** Each call looks for loop devices itself: that can wait for a path that hangs. */
  async list(): Promise<MountEntry[]> {
    return await withLoops(await listMountInfo())
  }

  async at(path: string): Promise<MountEntry | undefined> {
    const mount = await findMount(path, mountIdAt)
    return mount && (await withLoops([mount]))[0]
  }

  async mount({ source, target, fsType, options }: MountRequest): Promise<void> {
    const { flags, data } = parseMountOptions(options)
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#system.mount(source, target, fsType, flags, data)
        return
      } catch (error) {
        if (!hasErrno(error, 'EBUSY') || attempt === BUSY_ATTEMPTS) throw error
        await setTimeout(Math.random() * MAX_BUSY_PAUSE_MS)
      }
    }
  }

  differences({ options }: MountEntry, asked: readonly string[]): string[] {
    return differingOptions(options, asked)
  }

  async bind(source: string, target: string, options: { readonly readOnly: boolean }): Promise<void> {
    if (options.readOnly) await this.#bindReadOnly(source, target)
    else await this.#system.mount(source, target, null, mountFlags.bind, null)
  }

  async makePrivate(target: string): Promise<void> {
    await this.#system.mount('none', target, null, mountFlags.private, null)
  }

  async unmount(target: string): Promise<void> {
    const unmount = (): Promise<void> => this.#system.umount2(target, unmountFlags.noFollow)
    try {
      await unmount().catch(async (error: unknown) => {
        if (!hasErrno(error, 'EBUSY')) throw error
        await waitForStartingChildren()
        await unmount()
      })
    } catch (error) {
      // EINVAL has several meanings (umount(2)), of which "not a mount point" is checked here.
      if (!hasErrno(error, 'EINVAL', 'ENOENT', 'ENOTDIR')) throw error
      if ((await mountIdAt(target)) !== undefined) throw error
    }
  }

  openFileSystem(device: LoopDevice, name?: string): Promise<OpenFileSystem | undefined> {
    return openFileSystem(device, name)
  }

  trim(mountPoint: string, from: bigint): Promise<TrimStep> {
    return trim(mountPoint, from)
  }

  async #bindReadOnly(source: string, target: string): Promise<void> {
    try {
      await this.#system.bindReadOnly(source, target)
    } catch (error) {
      if (!hasErrno(error, 'ENOSYS')) throw error
      await this.#bindReadOnlyInSteps(source, target)
    }
  }

  /**
   * The fallback before Linux 5.12. A process that is killed between the two calls leaves a writable mount.
   */
  async #bindReadOnlyInSteps(source: string, target: string): Promise<void> {
    await this.#system.mount(source, target, null, mountFlags.bind, null)
    await using undo = new AsyncDisposableStack()
    undo.defer(() => this.#system.umount2(target, unmountFlags.detach | unmountFlags.noFollow))
    await this.#makeReadOnly(target)
    undo.move()
  }

  /**
   * A bind mount takes its flags from its source, and mount(2) ignores others; only a second call can change
   * them. That call sets all flags, so those to keep are passed again: without them nosuid would be lost, or
   * in a user namespace the call refused. Access times are the exception: without their flags they stay as
   * they are.
   */
  async #makeReadOnly(target: string): Promise<void> {
    const kept = keptFlags(await this.at(target))
    await this.#system.mount(
      'none',
      target,
      null,
      mountFlags.remount | mountFlags.bind | mountFlags.readOnly | kept,
      null,
    )
  }
}

const toKeep = mountFlags.noSuid | mountFlags.noDev | mountFlags.noExec | mountFlags.noSymFollow

function keptFlags(entry: MountEntry | undefined): number {
  return parseMountOptions(entry?.options ?? []).flags & toKeep
}

/** FITRIM cannot be interrupted, so one call covers no more than this. */
const STEP_BYTES = 8n << 30n
const END = (1n << 64n) - 1n

const nothing: TrimStep = { trimmedBytes: 0n, next: undefined }

/**
 * Discards the unused blocks of a part of a mounted file system (FITRIM). Does nothing where the device, or
 * the file system of the image below it, cannot discard.
 *
 * The last part has no end: statfs(2) of ext4 gives less than its size, and btrfs counts in addresses of its
 * own, which grow beyond the size of its device with every balance.
 */
async function trim(mountPoint: string, from: bigint): Promise<TrimStep> {
  await using directory = await openMountPoint(mountPoint)
  const isLast = from >= (await sizeOf(mountPoint))
  const struct = encodeTrimRange(from, isLast ? END - from : STEP_BYTES)
  try {
    await ioctlStruct(directory.fd, FITRIM, struct, `trim ${mountPoint} from byte ${from}`)
  } catch (error) {
    if (hasErrno(error, 'ENOTSUP')) return nothing
    // The range begins behind the last block.
    if (hasErrno(error, 'EINVAL') && from > 0n) return nothing
    throw error
  }
  return { trimmedBytes: decodeTrimmed(struct), next: isLast ? undefined : from + STEP_BYTES }
}

async function sizeOf(mountPoint: string): Promise<bigint> {
  const { blocks, bsize } = await statfs(mountPoint, { bigint: true })
  return blocks * bsize
}

/**
 * Opens the root of a mounted file system, for ioctls on all of it. A directory on which nothing is mounted
 * is refused: the ioctl would reach the file system of the machine. Opening and closing write nothing, so
 * they do not wait for a thaw.
 */
async function openMountPoint(path: string): Promise<FileHandle> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    const [inside, above] = await Promise.all([directory.stat(), stat(join(path, '..'))])
    if (inside.dev !== above.dev) return directory
    throw new VolumeError('failed-precondition', `${path} is not the mount point of a file system`)
  } catch (error) {
    await directory.close()
    throw error
  }
}
