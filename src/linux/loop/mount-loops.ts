import { lstatSync } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { hasErrno } from '../../volumes/model/errors.ts'
import type { MountEntry, MountedLoop } from '../../volumes/model/ports/mounts.ts'
import { makeDev } from '../abi/loop.ts'
import { findMount, mountIdOf, mountIdOfSync } from '../mountinfo/find-mount.ts'
import { hasOwnDeviceNumber, type MountInfo } from '../mountinfo/mountinfo.ts'
import { BoundedQueries } from './bounded-queries.ts'
import { deviceNumberOf, loopNumberOf } from './device-nodes.ts'

const DEV = '/dev'
/**
 * The kernel appends this to the root of a mount whose directory entry was unlinked (prepend_path in
 * fs/d_path.c).
 */
const DELETED = '//deleted'

/** Of the paths of deleted device nodes, which can lead through file systems that do not answer. */
const queries = new BoundedQueries<string>()

/**
 * Adds its loop device to each mount. Only /dev is read, which never waits, but for bind mounts of device
 * nodes that were deleted since. Where the path of one cannot be read, its name counts: taking an unused
 * device for used does less harm than the opposite.
 */
export async function withLoops(mounts: readonly MountInfo[]): Promise<MountEntry[]> {
  const entries: MountEntry[] = []
  let nodes: DeviceNodesOf | undefined
  for (const mount of mounts) {
    let loop = mountedLoop('file system', fileSystemDevice(mount))
    if (!loop && mount.root !== '/') {
      nodes ??= await DeviceNodesOf.find(mounts)
      loop = mountedLoop('node', await nodes.deviceAt(mount))
    }
    entries.push({ ...mount, loop })
  }
  return entries
}

function mountedLoop(as: MountedLoop['as'], device: bigint): MountedLoop | undefined {
  const number = loopNumberOf(device)
  return number === undefined ? undefined : { number, as }
}

/** The device of a file system; a number with major 0 for a file system without a device. */
function fileSystemDevice(mount: MountInfo): bigint {
  const [major = 0, minor = 0] = mount.device.split(':').map(Number)
  if (major === 0 && hasOwnDeviceNumber(mount) && dirname(mount.source) === DEV)
    return blockDeviceAt(mount.source)?.rdev ?? 0n
  return makeDev(major, minor)
}

/** Finds the device of a bind-mounted device node, for nodes in our /dev only. */
class DeviceNodesOf {
  readonly #device: string
  /** The path of /dev inside its file system. */
  readonly #root: string
  /** As stat(2) reports it, which on some file systems is not what mountinfo has. */
  readonly #stat = lstatSync(DEV, { bigint: true }).dev

  static async find(mounts: readonly MountInfo[]): Promise<DeviceNodesOf> {
    const id = mountIdOfSync(DEV)
    const dev = mounts.find((mount) => mount.id === id) ?? (await findMount(DEV, mountIdOf))
    if (!dev) throw new Error(`the kernel does not report the mount of ${DEV}`)
    return new DeviceNodesOf(dev)
  }

  private constructor({ device, root, target }: MountInfo) {
    this.#device = device
    this.#root = join(root, relative(target, DEV))
  }

  async deviceAt({ device, root, target }: MountInfo): Promise<bigint> {
    if (device !== this.#device) return 0n
    // Its directory entry is deleted, so only the path of the mount leads to it.
    if (root.endsWith(DELETED)) return await this.#deletedDevice(target, root.slice(0, -DELETED.length))
    const path = relative(this.#root, root)
    if (path === '' || path.startsWith('..')) return 0n
    return this.#deviceOf(blockDeviceAt(join(DEV, path)))
  }

  async #deletedDevice(target: string, root: string): Promise<bigint> {
    let device: bigint | undefined
    const read = async (): Promise<void> => {
      try {
        device = this.#deviceOf(await lstat(target, { bigint: true }))
      } catch (error) {
        if (hasErrno(error, 'ENOENT', 'ENOTDIR')) device = 0n
      }
    }
    await queries.run([target], () => DELETED, read)
    return device ?? deviceOfName(basename(root))
  }

  /** Something else can be mounted over it. */
  #deviceOf(found: ReturnType<typeof blockDeviceAt>): bigint {
    return found?.isBlockDevice() && found.dev === this.#stat ? found.rdev : 0n
  }
}

/** Of the name in /dev: names of other devices, and of partitions, have none. */
function deviceOfName(name: string): bigint {
  const digits = /^loop(\d+)$/.exec(name)?.[1]
  return digits === undefined ? 0n : deviceNumberOf(Number(digits))
}

function blockDeviceAt(path: string) {
  try {
    const found = lstatSync(path, { bigint: true })
    return found.isBlockDevice() ? found : undefined
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
