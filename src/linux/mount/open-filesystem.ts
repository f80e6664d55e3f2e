import { constants, open, statfs, type FileHandle } from 'node:fs/promises'
import { hasErrno } from '../../volumes/model/errors.ts'
import type { LoopDevice } from '../../volumes/model/ports/loop-devices.ts'
import type { OpenFileSystem } from '../../volumes/model/ports/mounts.ts'
import { FIFREEZE, O_PATH } from '../abi/files.ts'
import { splitDev } from '../abi/loop.ts'
import { getStatus } from '../loop/device.ts'
import { listMountInfo, mountIdOfOpen, readMountInfo } from '../mountinfo/find-mount.ts'
import { findMountById, hasOwnDeviceNumber, type MountInfo } from '../mountinfo/mountinfo.ts'
import { ioctl, syncfs } from '../system-calls.ts'
import { BTRFS_SUPER_MAGIC, bytesInMemory, findBtrfs } from './btrfs-space.ts'
import { openWithoutPath } from './mount-api.ts'
import { thawThreads } from './thaw-threads.ts'

/** A loop device: by its path, and by the `major:minor` of the file systems on it that mountinfo shows. */
interface Identity {
  readonly path: string
  readonly rdev: bigint
  readonly majorMinor: string
}

/**
 * The OpenFileSystem port. Its directory is opened before the freeze and closed after the thaw. In between,
 * it looks up no path, and needs no new descriptor and no thread that other disks could block.
 */
class LinuxFileSystem implements OpenFileSystem {
  readonly place: string
  readonly #device: string
  readonly #root: FileHandle
  readonly #disk: bigint
  /** Its directory in sysfs, if it is a btrfs. */
  #btrfs: string | undefined

  /**
   * @param device the path of its device
   * @param disk the st_dev of the image: file systems whose images are on one disk share the threads that
   * thaw them
   */
  constructor(place: string, device: string, root: FileHandle, disk: bigint) {
    this.place = place
    this.#device = device
    this.#root = root
    this.#disk = disk
  }

  async freeze(): Promise<void> {
    // The thread is started before the freeze: later there may be no memory or descriptor for it.
    await thawThreads(this.#disk).started()
    await ioctl(this.#root.fd, FIFREEZE, 0, `freeze ${this.place}`)
  }

  async thaw(): Promise<boolean> {
    return await thawThreads(this.#disk).thaw(this.#root.fd, this.place)
  }

  async flush(): Promise<void> {
    await syncfs(this.#root.fd, `flush ${this.place}`)
  }

  async usedBytes(): Promise<bigint> {
    const root = `/proc/self/fd/${this.#root.fd}`
    const { type, blocks, bfree, bsize } = await statfs(root, { bigint: true })
    const inMemory = type === BTRFS_SUPER_MAGIC ? await this.#bytesInMemory() : 0n
    return (blocks - bfree) * bsize + inMemory
  }

  /** The directory stays the same as long as the file system is open. */
  async #bytesInMemory(): Promise<bigint> {
    this.#btrfs ??= await findBtrfs(this.#device)
    return this.#btrfs === undefined ? 0n : await bytesInMemory(this.#btrfs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#root.close()
  }
}

/** As Mounts.openFileSystem. */
export async function openFileSystem(device: LoopDevice, name?: string): Promise<OpenFileSystem | undefined> {
  // Held open, it is not detached meanwhile, when its last mount ends; so its number is no other file's.
  await using handle = await open(device.path, 'r')
  const { identity, disk, fileName } = await identify(device.path, handle)
  if (name !== undefined && name !== fileName) return undefined
  for (const entry of (await listMountInfo()).filter((entry) => isOn(entry, identity))) {
    const root = await openMount(entry, identity)
    if (root) return new LinuxFileSystem(entry.target, device.path, root, disk)
  }
  if (!(await isHeld(device))) return undefined
  const root = await openWithoutPath(device.path)
  return root && new LinuxFileSystem(device.path, device.path, root, disk)
}

async function identify(path: string, device: FileHandle) {
  const { rdev } = await device.stat({ bigint: true })
  const { major, minor } = splitDev(rdev)
  const { backingDevice: disk, fileName } = await getStatus(device.fd)
  const identity: Identity = { path, rdev, majorMinor: `${major}:${minor}` }
  return { identity, disk, fileName }
}

function isOn(mount: MountInfo, { majorMinor, path }: Identity): boolean {
  return mount.device === majorMinor || (hasOwnDeviceNumber(mount) && mount.source === path)
}

/**
 * Opens the root of one mount.
 * @returns undefined when its path leads elsewhere: another file system is mounted over it, or it was
 * unmounted
 */
async function openMount(entry: MountInfo, identity: Identity): Promise<FileHandle | undefined> {
  try {
    // O_PATH does not call the file system at the path, which may be another user's FUSE that does not
    // answer.
    await using found = await open(entry.target, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    if (mountIdOfOpen(found.fd, entry.target) !== entry.id || !(await isOurs(found, entry, identity))) {
      return undefined
    }
    return await open(`/proc/self/fd/${found.fd}`, constants.O_RDONLY | constants.O_DIRECTORY)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined
    throw error
  }
}

/** Checked while the mount is held open: before that, its ID may have been another mount's. */
async function isOurs(root: FileHandle, entry: MountInfo, identity: Identity): Promise<boolean> {
  if (!hasOwnDeviceNumber(entry)) return (await root.stat({ bigint: true })).dev === identity.rdev
  const again = findMountById(await readMountInfo(), entry.id)
  return again !== undefined && isOn(again, identity)
}

/** True while a file system, or another exclusive user, holds the device, in any mount namespace. */
async function isHeld({ path }: LoopDevice): Promise<boolean> {
  try {
    await using _exclusive = await open(path, constants.O_RDONLY | constants.O_EXCL)
    return false
  } catch (error) {
    if (hasErrno(error, 'EBUSY')) return true
    throw error
  }
}
