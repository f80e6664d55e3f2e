import { basename } from 'node:path'
import { readMountInfo } from '../mountinfo/find-mount.ts'
import { hasOwnDeviceNumber, parseMountInfo, type MountInfo } from '../mountinfo/mountinfo.ts'
import { withLoops } from './mount-loops.ts'
import { makeDev } from '../abi/loop.ts'
import { loopNumberOf } from './device-nodes.ts'
import { OtherNamespaces } from './other-namespaces.ts'

/**
 * Which loop devices are mounted, or have their device node bind-mounted. The kernel does not count a bind
 * mount of a device node as a use of the device: after a detach its number would go to the next file, and the
 * bind mount would give access to that.
 */
export class MountedDevices {
  readonly #targets: ReadonlyMap<number, string>
  /** True when the mounts of all processes of the machine were read. */
  readonly isComplete: boolean

  private constructor(targets: ReadonlyMap<number, string>, isComplete: boolean) {
    this.#targets = targets
    this.isComplete = isComplete
  }

  /** For a device that was attached just now, and is known to no other process. */
  static readonly none = new MountedDevices(new Map(), true)

  /**
   * In this mount namespace. In a Kubernetes container it includes the kubelet's mounts for pods, by
   * propagation.
   */
  static async here(): Promise<MountedDevices> {
    const targets = new Map<number, string>()
    for (const { loop, target } of await withLoops(parseMountInfo(await readMountInfo()))) {
      if (loop) targets.set(loop.number, target)
    }
    return new MountedDevices(targets, false)
  }

  /**
   * In this mount namespace and those of all visible processes. Other namespaces can have a /dev of their
   * own, so there the name of a device node counts: keeping an unused device does less harm than detaching a
   * used one.
   */
  static async everywhere(): Promise<MountedDevices> {
    const targets = new Map<number, string>()
    const { isComplete } = await OtherNamespaces.read((pid, mount) => {
      const number = suspectedLoop(mount)
      if (number !== undefined)
        targets.set(number, `${mount.target} in the mount namespace of process ${pid}`)
    })
    const here = await MountedDevices.here()
    return new MountedDevices(new Map([...targets, ...here.#targets]), isComplete)
  }

  /** Where the device is mounted, or its device node bind-mounted. */
  targetOf(number: number): string | undefined {
    return this.#targets.get(number)
  }
}

/** File system types that contain device nodes. */
const inMemory = ['devtmpfs', 'tmpfs', 'ramfs']

function suspectedLoop(mount: MountInfo): number | undefined {
  const { device, fsType, root, source } = mount
  const [major = 0, minor = 0] = device.split(':').map(Number)
  const fileSystem = loopNumberOf(makeDev(major, minor))
  if (fileSystem !== undefined) return fileSystem
  if (hasOwnDeviceNumber(mount)) return numberIn(source)
  return inMemory.includes(fsType) ? numberIn(root.replace(/\/\/deleted$/, '')) : undefined
}

function numberIn(path: string): number | undefined {
  const digits = /^loop(\d+)$/.exec(basename(path))?.[1]
  return digits === undefined ? undefined : Number(digits)
}
