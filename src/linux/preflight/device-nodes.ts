import type { Finding } from '../../volumes/health/finding.ts'
import { backingFile, boundNumbers } from '../loop/inventory.ts'
import { PresentNodes } from '../loop/present-nodes.ts'
import { readAttribute } from '../sysfs.ts'

/**
 * Whether the devices of our volumes have their nodes in /dev. A pod with a raw block volume has the node
 * that was there when it started; what looks for the device later, as the kubelet and tools do, finds
 * nothing.
 * @param isOurs for the path that the kernel shows for a device's file
 */
export async function checkDeviceNodes(
  isOurs: (file: string) => boolean,
  nodes = new PresentNodes(),
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const number of await boundNumbers()) {
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
