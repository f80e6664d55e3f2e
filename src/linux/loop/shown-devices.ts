import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { hasErrno } from '../../volumes/errors.ts'
import { readMountInfo } from '../find-mount.ts'
import { parseMountInfo, type MountInfo } from '../mountinfo.ts'
import { withLoops } from '../shown-loops.ts'
import { makeDev } from './abi.ts'
import { loopNumberOf } from './number.ts'

/**
 * Which loop devices are mounted, or have their node bind-mounted. The kernel does not count a bind of a node as a use of the
 * device: detached, its number would go to the next file, and whoever has the bind would read that one.
 */
export class ShownDevices {
  readonly #targets: ReadonlyMap<number, string>
  /** True when there can be no mount namespace but those that were looked at. */
  readonly isComplete: boolean

  private constructor(targets: ReadonlyMap<number, string>, isComplete: boolean) {
    this.#targets = targets
    this.isComplete = isComplete
  }

  /** For a device that was attached just now, and that nobody was told of. */
  static readonly none = new ShownDevices(new Map(), true)

  /** In this mount namespace. In a Kubernetes container it has what the kubelet mounts for pods, by propagation. */
  static async here(): Promise<ShownDevices> {
    const targets = new Map<number, string>()
    for (const { loop, target } of await withLoops(parseMountInfo(await readMountInfo()))) {
      if (loop) targets.set(loop.number, target)
    }
    return new ShownDevices(targets, false)
  }

  /**
   * In the mount namespaces of all processes that can be seen, too. Other namespaces can have a /dev of their own, so there a node's
   * name is enough: it is better to keep a device that nobody has than to detach one that somebody has.
   */
  static async everywhere(): Promise<ShownDevices> {
    const targets = new Map<number, string>()
    const { isComplete, namespaces } = await otherNamespaces()
    for (const { pid, mounts } of namespaces) {
      for (const mount of mounts) {
        const number = suspectedLoop(mount)
        if (number !== undefined)
          targets.set(number, `${mount.target} in the mount namespace of process ${pid}`)
      }
    }
    const here = await ShownDevices.here()
    return new ShownDevices(new Map([...targets, ...here.#targets]), isComplete)
  }

  /** Where the device is seen; undefined where it is not. */
  targetOf(number: number): string | undefined {
    return this.#targets.get(number)
  }
}

/** The first pid namespace, in which /proc shows all processes: PROC_PID_INIT_INO of <linux/proc_ns.h>. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]'

interface Namespace {
  readonly pid: string
  readonly mounts: readonly MountInfo[]
}

/** The mounts of each mount namespace but our own. */
async function otherNamespaces(): Promise<{ isComplete: boolean; namespaces: Namespace[] }> {
  let isComplete = (await readlink('/proc/self/ns/pid')) === FIRST_PID_NAMESPACE
  const seen = new Set([await readlink('/proc/self/ns/mnt')])
  const namespaces: Namespace[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    try {
      const id = await readlink(`/proc/${pid}/ns/mnt`)
      if (seen.has(id)) continue
      namespaces.push({ pid, mounts: parseMountInfo(await readFile(`/proc/${pid}/mountinfo`, 'utf8')) })
      seen.add(id)
    } catch (error) {
      // The process has ended; of a zombie the mounts are EINVAL.
      if (hasErrno(error, 'ENOENT', 'ESRCH', 'EINVAL')) continue
      // It has capabilities that we have not (ptrace(2), "access mode checking").
      if (!hasErrno(error, 'EACCES', 'EPERM')) throw error
      isComplete = false
    }
  }
  return { isComplete, namespaces }
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
