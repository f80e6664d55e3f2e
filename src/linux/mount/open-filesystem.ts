import { constants, open, type FileHandle } from 'node:fs/promises'
import { hasErrno } from '../../volumes/model/errors.ts'
import type { LoopDevice, OpenFileSystem } from '../../volumes/model/ports.ts'
import { FIFREEZE, O_PATH } from '../abi/files.ts'
import { mountIdOfOpen, readMountInfo } from '../mountinfo/find-mount.ts'
import { ioctl, syncfs } from '../system-calls.ts'
import { splitDev } from '../abi/loop.ts'
import { getStatus } from '../loop/device.ts'
import { findMountById, parseMountInfo, type MountInfo } from '../mountinfo/mountinfo.ts'
import { openWithoutPath } from './mount-api.ts'
import { thawThread } from './thaw-thread.ts'

/** A loop device: by its path, and by the `major:minor` of the file systems on it that mountinfo shows. */
interface Identity {
  readonly path: string
  readonly rdev: bigint
  readonly majorMinor: string
}

/**
 * The OpenFileSystem port. Its directory is opened before the freeze and closed after the thaw: no path is
 * looked up between, no descriptor is needed, and no thread that calls on other disks can hold.
 */
class LinuxFileSystem implements OpenFileSystem {
  readonly place: string
  readonly #root: FileHandle
  readonly #disk: bigint

  /**
   * @param disk the st_dev of the image, by which file systems that hang together share a thread for their
   * thaw
   */
  constructor(place: string, root: FileHandle, disk: bigint) {
    this.place = place
    this.#root = root
    this.#disk = disk
  }

  async freeze(): Promise<void> {
    // Started before, because it may need what there is none of by then: memory, or descriptors.
    await thawThread(this.#disk).started()
    await ioctl(this.#root.fd, FIFREEZE, 0, `freeze ${this.place}`)
  }

  async thaw(): Promise<boolean> {
    return await thawThread(this.#disk).thaw(this.#root.fd, this.place)
  }

  async flush(): Promise<void> {
    await syncfs(this.#root.fd, `flush ${this.place}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#root.close()
  }
}

/** As Mounts.openFileSystem. */
export async function openFileSystem(device: LoopDevice): Promise<OpenFileSystem | undefined> {
  const { identity, disk } = await identify(device)
  for (const entry of parseMountInfo(await readMountInfo()).filter((entry) => isOn(entry, identity))) {
    const root = await openMount(entry, identity)
    if (root) return new LinuxFileSystem(entry.target, root, disk)
  }
  if (!(await isHeld(device))) return undefined
  const root = await openWithoutPath(device.path)
  return root && new LinuxFileSystem(device.path, root, disk)
}

async function identify({ path }: LoopDevice): Promise<{ identity: Identity; disk: bigint }> {
  await using handle = await open(path, 'r')
  const { rdev } = await handle.stat({ bigint: true })
  const { major, minor } = splitDev(rdev)
  const { backingDevice } = await getStatus(handle.fd)
  return { identity: { path, rdev, majorMinor: `${major}:${minor}` }, disk: backingDevice }
}

/** A btrfs has a device number of its own, and its device's path as its source. */
function isOn({ device, fsType, source }: MountInfo, { majorMinor, path }: Identity): boolean {
  return device === majorMinor || (fsType === 'btrfs' && source === path)
}

/**
 * Opens the root of one mount.
 * @returns undefined when its path leads elsewhere: another file system is mounted over it, or it is gone
 */
async function openMount(entry: MountInfo, identity: Identity): Promise<FileHandle | undefined> {
  try {
    // Asks nothing of the file system that is there, which may be somebody else's FUSE that does not answer.
    await using found = await open(entry.target, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    if ((await mountIdOfOpen(found, entry.target)) !== entry.id || !(await isOurs(found, entry, identity))) {
      return undefined
    }
    return await open(`/proc/self/fd/${found.fd}`, constants.O_RDONLY | constants.O_DIRECTORY)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined
    throw error
  }
}

/** Once more, with the mount held open: its number can have been another mount's before. */
async function isOurs(root: FileHandle, entry: MountInfo, identity: Identity): Promise<boolean> {
  if (entry.fsType !== 'btrfs') return (await root.stat({ bigint: true })).dev === identity.rdev
  const again = findMountById(await readMountInfo(), entry.id)
  return again !== undefined && isOn(again, identity)
}

/**
 * True while a file system, or something else that wants the device for itself, has it, in whatever mount
 * namespace.
 */
async function isHeld({ path }: LoopDevice): Promise<boolean> {
  try {
    await using _exclusive = await open(path, constants.O_RDONLY | constants.O_EXCL)
    return false
  } catch (error) {
    if (hasErrno(error, 'EBUSY')) return true
    throw error
  }
}
