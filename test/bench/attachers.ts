import { open, type FileHandle } from 'node:fs/promises'
import { LO_FLAGS_AUTOCLEAR, LO_FLAGS_DIRECT_IO } from '../../src/linux/abi/loop.ts'
import type { LoopControl } from '../../src/linux/loop/control.ts'
import { configure } from '../../src/linux/loop/device.ts'
import type { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'
import { hasErrno } from '../../src/volumes/model/errors.ts'
import { sh } from './shell-contender.ts'

/** Disposing detaches it, unless it is mounted: then the last unmount does. */
export interface AttachedDevice extends AsyncDisposable {
  readonly path: string
}

/** One way to attach an image to a free loop device, with direct I/O. */
export interface Attacher {
  readonly name: string
  attach(image: string): Promise<AttachedDevice>
}

/** What the driver does inside NodeStage, called directly. */
export function driverAttacher(loops: LinuxLoopDevices): Attacher {
  const options = {
    name: 'bench',
    readOnly: false,
    autoclear: true,
    directIo: 'on',
    sectorBytes: 512,
  } as const
  return {
    name: 'driver',
    async attach(image) {
      const attachment = await loops.attach(image, options, new AbortController().signal)
      const dispose = () => attachment[Symbol.asyncDispose]()
      return { path: attachment.device.path, [Symbol.asyncDispose]: dispose }
    },
  }
}

export const shellAttacher: Attacher = {
  name: 'shell',
  async attach(image) {
    const path = await sh('losetup --direct-io=on --find --show "$1"', image)
    return {
      path,
      async [Symbol.asyncDispose]() {
        await sh('losetup --detach "$1"', path)
      },
    }
  },
}

/**
 * Two opens and two ioctls, LOOP_CTL_GET_FREE and LOOP_CONFIGURE, without a lock and without checking the
 * result.
 */
export function floorAttacher(control: LoopControl): Attacher {
  const flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO
  const settings = { offset: 0n, sizeLimit: 0n, flags, fileName: 'bench' }

  async function bindFree(image: FileHandle): Promise<{ path: string; device: FileHandle }> {
    const path = `/dev/loop${await control.getFree()}`
    const device = await open(path, 'r+')
    try {
      await configure(device.fd, image.fd, 0, settings)
      return { path, device }
    } catch (error) {
      await device.close()
      // Somebody else on this machine was faster.
      if (hasErrno(error, 'EBUSY')) return bindFree(image)
      throw error
    }
  }

  return {
    name: 'floor',
    async attach(path) {
      await using image = await open(path, 'r+')
      const bound = await bindFree(image)
      return { path: bound.path, [Symbol.asyncDispose]: () => bound.device.close() }
    },
  }
}
