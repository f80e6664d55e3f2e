import { hasErrno } from '../../volumes/model/errors.ts'
import type { Finding } from '../../volumes/health/finding.ts'
import { countDevices } from '../loop/inventory.ts'
import { readAttribute } from '../sysfs.ts'

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
      cure: 'detach those that nobody needs (losetup --list, losetup --detach), or boot with a smaller loop.max_part',
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
