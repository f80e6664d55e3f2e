import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { findingOf, type Finding } from '../../volumes/issues/catalogue.ts'
import { hasErrno } from '../../volumes/model/errors.ts'
import { PresentNodes } from '../loop/device-nodes.ts'
import { readAttribute } from '../loop/device.ts'
import { attachedNumbers, backingFile, countDevices } from '../loop/inventory.ts'

/** Whether loop devices are available. The driver creates a missing device node. */
export async function checkLoopControl(
  node = '/dev/loop-control',
  registered = '/sys/class/misc/loop-control',
): Promise<Finding[]> {
  try {
    await (await open(node, 'r+')).close()
    return []
  } catch (error) {
    if (hasErrno(error, 'ENOENT'))
      return existsSync(registered) ? [] : [findingOf('LoopModuleNotLoaded', { node, hasNode: false })]
    if (hasErrno(error, 'ENODEV', 'ENXIO')) return [findingOf('LoopModuleNotLoaded', { node, hasNode: true })]
    return [findingOf('LoopControlUnusable', { error })]
  }
}

/** Minor numbers of the loop driver's major number (MINORBITS of include/linux/kdev_t.h). */
const MINORS = 2 ** 20

/**
 * Whether the kernel can add another loop device; each takes as many minor numbers as it may have partitions.
 */
export async function checkFreeDevices(): Promise<Finding[]> {
  const maxPart = mostPartitions()
  if (maxPart === undefined) return []
  const limit = mostDevices(maxPart)
  const { bound } = await countDevices()
  if (bound < limit) return []
  return [findingOf('NoFreeLoopDevice', { limit, maxPart })]
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
 * Whether the devices of our volumes have their device nodes in /dev. A running pod with a raw block volume
 * keeps its device node, but the kubelet and tools do not find the device later.
 * @param isOurs true for the path of a backing file of ours
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
  const numbers = readAttribute(`/sys/block/loop${number}/dev`).replace(':', ' ')
  return findingOf('DeviceNodeMissing', { path: `/dev/loop${number}`, numbers })
}
