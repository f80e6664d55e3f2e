import { hasErrno } from '../../volumes/model/errors.ts'
import { readAttribute } from '../sysfs.ts'
import { LOOP_MAJOR, makeDev, splitDev } from '../abi/loop.ts'

/** What the module was loaded with; it is in use, and so the same, for as long as we are. */
let known: number | undefined

/**
 * How many minors each device has: the module makes `max_part` one less than a power of two
 * (drivers/block/loop.c).
 */
function minorsPerDevice(): number {
  try {
    return (known ??= Number(readAttribute('/sys/module/loop/parameters/max_part')) + 1)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return 1
    throw error
  }
}

/** The number that the kernel gives the node of /dev/loopN, as stat(2) reports it. */
export function deviceNumberOf(loop: number): bigint {
  return makeDev(LOOP_MAJOR, loop * minorsPerDevice())
}

/** The inverse: N of /dev/loopN; undefined for another device and for a partition of a loop device. */
export function loopNumberOf(device: bigint): number | undefined {
  const { major, minor } = splitDev(device)
  if (major !== LOOP_MAJOR) return undefined
  const minors = minorsPerDevice()
  return minor % minors === 0 ? minor / minors : undefined
}
