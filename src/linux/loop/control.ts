import { open, type FileHandle } from 'node:fs/promises'
import { VolumeError, hasErrno, messageOf } from '../../volumes/model/errors.ts'
import { ioctl } from '../system-calls.ts'
import { LOOP_CTL_ADD, LOOP_CTL_GET_FREE, LOOP_CTL_REMOVE } from '../abi/loop.ts'
import { DeviceNodes } from './device-nodes.ts'

/**
 * The kernel's loop-control interface: makes and removes loop devices on demand, without a limit on their
 * number.
 */
export class LoopControl implements AsyncDisposable {
  readonly #handle: FileHandle

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /**
   * @throws VolumeError failed-precondition with the remedy when this machine or container offers no loop
   * devices.
   */
  static async open(nodes = new DeviceNodes()): Promise<LoopControl> {
    try {
      return new LoopControl(await open(await nodes.control(), 'r+'))
    } catch (error) {
      throw new VolumeError('failed-precondition', `loop devices are not available: ${cause(error)}`, {
        cause: error,
      })
    }
  }

  /**
   * LOOP_CTL_ADD: adds a free /dev/loopN. Without a number the kernel picks one.
   * @returns the device's number @throws EEXIST when it exists
   */
  add(number = -1): Promise<number> {
    return ioctl(this.#handle.fd, LOOP_CTL_ADD, number, `LOOP_CTL_ADD ${number}`)
  }

  /**
   * LOOP_CTL_REMOVE: removes a free device. Takes about 50 ms in the kernel.
   * @throws EBUSY when it is attached or open, ENODEV when it does not exist
   */
  async remove(number: number): Promise<void> {
    await ioctl(this.#handle.fd, LOOP_CTL_REMOVE, number, `LOOP_CTL_REMOVE ${number}`)
  }

  /**
   * LOOP_CTL_GET_FREE: the first free device, added when there is none. It is not reserved: until it is
   * configured, any process of the machine can get the same answer.
   */
  getFree(): Promise<number> {
    return ioctl(this.#handle.fd, LOOP_CTL_GET_FREE, 0, 'LOOP_CTL_GET_FREE')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }
}

function cause(error: unknown): string {
  if (hasErrno(error, 'EACCES', 'EPERM')) {
    return `${messageOf(error)}. Run as root; in a container, privileged and not rootless.`
  }
  if (hasErrno(error, 'ENODEV', 'ENXIO', 'ENOENT')) {
    return `${messageOf(error)}. The kernel has no loop module loaded: run "modprobe loop" on the host.`
  }
  return messageOf(error)
}
