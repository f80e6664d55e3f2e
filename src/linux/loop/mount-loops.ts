import { lstatSync } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { hasErrno } from '../../volumes/model/errors.ts'
import type { MountEntry, MountedLoop } from '../../volumes/model/ports/mounts.ts'
import { makeDev } from '../abi/loop.ts'
import { findMount, mountIdOf, mountIdOfSync } from '../mountinfo/find-mount.ts'
import { hasOwnDeviceNumber, type MountInfo } from '../mountinfo/mountinfo.ts'
import { loopNumberOf } from './device-nodes.ts'

const DEV = '/dev'
/**
 * The kernel appends this to the root of a mount whose directory entry was unlinked (prepend_path in
 * fs/d_path.c).
 */
const DELETED = '//deleted'

/**
 * Adds its loop device to each mount. Only /dev is read, which never waits, but for bind mounts of device
 * nodes that were deleted since: their paths can lead through file systems that hang.
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
    if (root.endsWith(DELETED)) return this.#deviceOf(await lstat(target, { bigint: true }).catch(absent))
    const path = relative(this.#root, root)
    if (path === '' || path.startsWith('..')) return 0n
    return this.#deviceOf(blockDeviceAt(join(DEV, path)))
  }

  /** Something else can be mounted over it. */
  #deviceOf(found: ReturnType<typeof blockDeviceAt>): bigint {
    return found?.isBlockDevice() && found.dev === this.#stat ? found.rdev : 0n
  }
}

function blockDeviceAt(path: string) {
  try {
    const found = lstatSync(path, { bigint: true })
    return found.isBlockDevice() ? found : undefined
  } catch (error) {
    absent(error)
    return
  }
}

function absent(error: unknown): undefined {
  if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
  throw error
}
