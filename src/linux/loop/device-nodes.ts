import { constants } from 'node:fs'
import { lstat, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrno } from '../../volumes/model/errors.ts'
import { LOOP_CONTROL_MAJOR, LOOP_CONTROL_MINOR, LOOP_MAJOR, makeDev, splitDev } from '../abi/loop.ts'
import { mknod } from '../system-calls.ts'
import { readAttribute } from './device.ts'

/** The module cannot be reloaded with another value while its devices are in use. */
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

/** The number of the device node of /dev/loopN, as stat(2) reports it. */
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

/** Owner and group root: udev's rule for the group `disk` would let it read every volume. */
const MODE = 0o600

/** The location of the device nodes of loop devices. */
export interface LoopNodes {
  /** The path of /dev/loopN. @throws ENOENT when there is no such device */
  loop(number: number): Promise<string>
}

/**
 * Device nodes of loop devices in one /dev. In a container /dev is often a tmpfs without udev, so a missing
 * node is created, with the number from sysfs: minor numbers differ from the index where `loop.max_part` is
 * set.
 */
export class DeviceNodes implements LoopNodes {
  readonly #dev: string
  readonly #sys: string

  constructor(dev = '/dev', sys = '/sys/block') {
    this.#dev = dev
    this.#sys = sys
  }

  /** The path of /dev/loop-control, created when missing; opening it makes the kernel load the module. */
  async control(): Promise<string> {
    const path = join(this.#dev, 'loop-control')
    await ensureNode(path, constants.S_IFCHR, makeDev(LOOP_CONTROL_MAJOR, LOOP_CONTROL_MINOR))
    return path
  }

  /**
   * The path of /dev/loopN, created or replaced when needed.
   * @throws ENOENT when the kernel has no such device.
   */
  async loop(number: number): Promise<string> {
    return this.#ensureLoop(number, loopDeviceNumber(number, this.#sys))
  }

  /** As `loop`, also for a device that the kernel has not added yet. */
  async spare(number: number): Promise<string> {
    return this.#ensureLoop(number, this.#numberOfNext(number))
  }

  /** The numbers of loop devices that have a device node, valid or stale. */
  async numbers(): Promise<Set<number>> {
    const names = await readdir(this.#dev)
    return new Set(names.flatMap((name) => /^loop(\d+)$/.exec(name)?.[1] ?? []).map(Number))
  }

  async #ensureLoop(number: number, device: bigint): Promise<string> {
    const path = join(this.#dev, `loop${number}`)
    await ensureNode(path, constants.S_IFBLK, device)
    return path
  }

  #numberOfNext(number: number): bigint {
    try {
      return loopDeviceNumber(number, this.#sys)
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error
      return deviceNumberOf(number)
    }
  }
}

/**
 * The kernel's number of /dev/loopN, as stat(2) reports it.
 * @throws ENOENT when the kernel has no such device
 */
export function loopDeviceNumber(number: number, sys = '/sys/block'): bigint {
  const text = readAttribute(join(sys, `loop${number}`, 'dev'))
  const [major = NaN, minor = NaN] = text.split(':').map(Number)
  return makeDev(major, minor)
}

async function ensureNode(path: string, type: number, device: bigint): Promise<void> {
  const found = await lstat(path, { bigint: true }).catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  })
  if (found?.rdev === device && (found.mode & BigInt(constants.S_IFMT)) === BigInt(type)) return
  // A device node with another number is stale: it dates from an earlier device of this index.
  if (found) await unlink(path)
  try {
    await mknod(path, type | MODE, device)
  } catch (error) {
    // devtmpfs or another process created it meanwhile.
    if (!hasErrno(error, 'EEXIST')) throw error
  }
}

/** The existing device nodes in /dev, for commands that only read: none is created or replaced. */
export class PresentNodes implements LoopNodes {
  readonly #dev: string

  constructor(dev = '/dev') {
    this.#dev = dev
  }

  /** @throws ENOENT also for a stale device node */
  async loop(number: number): Promise<string> {
    const path = join(this.#dev, `loop${number}`)
    const { rdev } = await lstat(path, { bigint: true })
    if (rdev === loopDeviceNumber(number)) return path
    throw Object.assign(new Error(`${path} is the node of another device`), { code: 'ENOENT' })
  }
}
