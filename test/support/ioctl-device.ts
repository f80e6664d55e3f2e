import { open, type FileHandle } from 'node:fs/promises'
import type { LoopInfo, LoopSettings } from '../../src/linux/abi/loop.ts'
import { LoopControl } from '../../src/linux/loop/control.ts'
import { DeviceNodes } from '../../src/linux/loop/device-nodes.ts'
import * as device from '../../src/linux/loop/device.ts'
import { backingFile } from '../../src/linux/loop/inventory.ts'
import { hasErrno } from '../../src/volumes/model/errors.ts'

export const noSettings: LoopSettings = { offset: 0n, sizeLimit: 0n, flags: 0, fileName: 'ioctls' }

export interface Wishes extends Partial<LoopSettings> {
  /** How the backing file is opened; by default for reading and writing. */
  readonly mode?: 'r' | 'r+'
  /** In bytes; by default what the kernel chooses. */
  readonly blockSize?: number
}

/**
 * A loop device, attached and open, by the ioctls alone: without the lock, the checks and the careful detach
 * of LinuxLoopDevices. Other programs use loop devices so, and it shows what the kernel itself does.
 */
export class IoctlDevice implements AsyncDisposable {
  readonly image: string
  readonly number: number
  readonly path: string
  readonly handle: FileHandle

  private constructor(image: string, number: number, path: string, handle: FileHandle) {
    this.image = image
    this.number = number
    this.path = path
    this.handle = handle
  }

  /** @throws what LOOP_CONFIGURE refuses, but for EBUSY: then another process was faster */
  static async attach(
    image: string,
    { mode = 'r+', blockSize = 0, ...settings }: Wishes = {},
  ): Promise<IoctlDevice> {
    await using control = await LoopControl.open()
    await using backing = await open(image, mode)
    for (;;) {
      const number = await control.getFree()
      const path = await new DeviceNodes().loop(number)
      const handle = await open(path, 'r+')
      try {
        await device.configure(handle.fd, backing.fd, blockSize, { ...noSettings, ...settings })
        return new IoctlDevice(image, number, path, handle)
      } catch (error) {
        await handle.close()
        if (!hasErrno(error, 'EBUSY')) throw error
      }
    }
  }

  get fd(): number {
    return this.handle.fd
  }

  /** An attribute in sysfs, such as `loop/offset` or `queue/logical_block_size`. */
  attribute(name: string): string {
    return device.readAttribute(`/sys/block/loop${this.number}/${name}`)
  }

  status(): Promise<LoopInfo> {
    return device.getStatus(this.fd)
  }

  sizeBytes(): Promise<bigint> {
    return device.sizeOf(this.fd)
  }

  /** Changes settings; the others are set back. */
  async set(settings: Partial<LoopSettings>): Promise<void> {
    await untilCacheIsEmpty(() => device.setStatus(this.fd, { ...noSettings, ...settings }))
  }

  async setBlockSize(bytes: number): Promise<void> {
    await untilCacheIsEmpty(() => device.setBlockSize(this.fd, bytes))
  }

  /** Another device can have the number soon after a detach, but no other one has the image of a test. */
  isAttached(): boolean {
    return backingFile(this.number) === this.image
  }

  /** Detaches it, with its last close. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await device.clrFd(this.fd)
    } catch (error) {
      if (!hasErrno(error, 'ENXIO')) throw error
    } finally {
      await this.handle.close()
    }
  }
}

/**
 * Some kernels answer EAGAIN when a reader, such as udev, has brought pages into the page cache of the device
 * meanwhile (loop_set_status() and loop_set_block_size() of Linux 5.10).
 */
async function untilCacheIsEmpty(call: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await call()
      return
    } catch (error) {
      if (!hasErrno(error, 'EAGAIN')) throw error
    }
  }
}
