import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Finding } from '../../volumes/health/issue.ts'
import { hasErrno, messageOf } from '../../volumes/model/errors.ts'
import { PresentNodes } from '../loop/device-nodes.ts'
import { backingFile, attachedNumbers, countDevices } from '../loop/inventory.ts'
import { readAttribute } from '../sysfs.ts'

/** Whether loop devices are available. Where there is no node, the driver makes one. */
export async function checkLoopControl(
  node = '/dev/loop-control',
  registered = '/sys/class/misc/loop-control',
): Promise<Finding[]> {
  try {
    await (await open(node, 'r+')).close()
    return []
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return existsSync(registered) ? [] : [notLoaded('warning', node)]
    if (hasErrno(error, 'ENODEV', 'ENXIO')) return [notLoaded('error', node)]
    return [
      {
        severity: 'error',
        reason: 'LoopControlUnusable',
        message: `loop devices are not available: ${messageOf(error)}`,
        cure: 'run as root; in a container, privileged, not rootless, and with a /dev that is not mounted with nodev (mount -o remount,dev /dev)',
      },
    ]
  }
}

function notLoaded(severity: Finding['severity'], node: string): Finding {
  return {
    severity,
    reason: 'LoopModuleNotLoaded',
    message: `there is no ${node}: the kernel has not loaded its loop module`,
    cure: 'modprobe loop (on the machine, not in a container)',
  }
}

/** Minor numbers of the loop driver's major number (MINORBITS of include/linux/kdev_t.h). */
const MINORS = 2 ** 20

/**
 * Whether the kernel can make one more loop device; it takes as many minor numbers for each as it may have
 * partitions.
 */
export async function checkFreeDevices(): Promise<Finding[]> {
  const maxPart = mostPartitions()
  if (maxPart === undefined) return []
  const limit = mostDevices(maxPart)
  const { bound } = await countDevices()
  if (bound < limit) return []
  return [
    {
      severity: 'error',
      reason: 'NoFreeLoopDevice',
      message: `all ${limit} loop devices that the kernel can make with loop.max_part=${maxPart} are in use, so that no volume can be staged`,
      cure: 'detach unused ones (losetup --list, losetup --detach), or boot with a smaller loop.max_part',
    },
  ]
}

/**
 * @param maxPart loop.max_part: the most partitions of a device; the kernel rounds it up to one less than a
 * power of two
 */
export function mostDevices(maxPart: number): number {
  const partitionBits = 32 - Math.clz32(maxPart)
  return MINORS >> partitionBits
}

/** Undefined when the loop module is not loaded. */
function mostPartitions(): number | undefined {
  try {
    return Number(readAttribute('/sys/module/loop/parameters/max_part'))
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * Whether the devices of our volumes have their nodes in /dev. A pod with a raw block volume keeps the node
 * that was there when it started, but the kubelet and tools do not find the device later.
 * @param isOurs for the path that the kernel shows for a device's file
 */
export async function checkDeviceNodes(
  isOurs: (file: string) => boolean,
  nodes = new PresentNodes(),
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const number of await attachedNumbers()) {
    if (isOurs(backingFile(number) ?? '') && !(await hasNode(nodes, number))) findings.push(missing(number))
  }
  return findings
}

async function hasNode(nodes: PresentNodes, number: number): Promise<boolean> {
  try {
    await nodes.loop(number)
    return true
  } catch {
    return false
  }
}

function missing(number: number): Finding {
  const device = readAttribute(`/sys/block/loop${number}/dev`).replace(':', ' ')
  return {
    severity: 'warning',
    reason: 'DeviceNodeMissing',
    message: `/dev/loop${number} is attached to a volume, and has no node here, or one that leads elsewhere`,
    cure: `rm -f /dev/loop${number} && mknod --mode=600 /dev/loop${number} b ${device}`,
  }
}
