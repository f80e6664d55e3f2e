import { basename } from 'node:path'
import { readMountInfo } from '../mountinfo/find-mount.ts'
import { parseMountInfo, type MountInfo } from '../mountinfo/mountinfo.ts'
import { withLoops } from './shown-loops.ts'
import { makeDev } from '../abi/loop.ts'
import { loopNumberOf } from './device-nodes.ts'
import { OtherNamespaces } from './other-namespaces.ts'

/**
 * Which loop devices are mounted, or have their node bind-mounted. The kernel does not count a bind of a node
 * as a use of the device: detached, its number would go to the next file, and whoever has the bind would read
 * that one.
 */
export class ShownDevices {
  readonly #targets: ReadonlyMap<number, string>
  /** True when the mounts of all processes of the machine were looked at. */
  readonly isComplete: boolean

  private constructor(targets: ReadonlyMap<number, string>, isComplete: boolean) {
    this.#targets = targets
    this.isComplete = isComplete
  }

  /** For a device that was attached just now, and that nobody was told of. */
  static readonly none = new ShownDevices(new Map(), true)

  /**
   * In this mount namespace. In a Kubernetes container it has what the kubelet mounts for pods, by
   * propagation.
   */
  static async here(): Promise<ShownDevices> {
    const targets = new Map<number, string>()
    for (const { loop, target } of await withLoops(parseMountInfo(await readMountInfo()))) {
      if (loop) targets.set(loop.number, target)
    }
    return new ShownDevices(targets, false)
  }

  /**
   * In the mount namespaces of all processes that can be seen, too. Other namespaces can have a /dev of their
   * own, so there a node's name is enough: it is better to keep a device that nobody has than to detach one
   * that somebody has.
   */
  static async everywhere(): Promise<ShownDevices> {
    const targets = new Map<number, string>()
    const { isComplete } = await OtherNamespaces.look((pid, mount) => {
      const number = suspectedLoop(mount)
      if (number !== undefined)
        targets.set(number, `${mount.target} in the mount namespace of process ${pid}`)
    })
    const here = await ShownDevices.here()
    return new ShownDevices(new Map([...targets, ...here.#targets]), isComplete)
  }

  /** Where the device is seen; undefined where it is not. */
  targetOf(number: number): string | undefined {
    return this.#targets.get(number)
  }
}

/** Where nodes of devices are. */
const inMemory = ['devtmpfs', 'tmpfs', 'ramfs']

function suspectedLoop({ device, fsType, root, source }: MountInfo): number | undefined {
  const [major = 0, minor = 0] = device.split(':').map(Number)
  const fileSystem = loopNumberOf(makeDev(major, minor))
  if (fileSystem !== undefined) return fileSystem
  if (fsType === 'btrfs') return numberIn(source)
  return inMemory.includes(fsType) ? numberIn(root.replace(/\/\/deleted$/, '')) : undefined
}

function numberIn(path: string): number | undefined {
  const digits = /^loop(\d+)$/.exec(basename(path))?.[1]
  return digits === undefined ? undefined : Number(digits)
}
