import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LoopControl } from '../../../src/linux/loop/control.ts'
import { DeviceNodes } from '../../../src/linux/loop/device-nodes.ts'
import * as device from '../../../src/linux/loop/device.ts'
import { existingNumbers, isAttached } from '../../../src/linux/loop/inventory.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { eventually } from '../../support/eventually.ts'
import { makeSparse } from '../../support/images.ts'
import { noSettings } from '../../support/ioctl-device.ts'
import { isKernelSince } from '../../support/kernel.ts'

/** With loop.max_part=31, a kernel has 32,768 numbers. Who wants any free device gets the lowest. */
const NUMBER = 20_000 + (process.pid % 10_000)

/** Any process that attaches a device could get the added one, so no other test runs meanwhile. */
describeRoot('/dev/loop-control', () => {
  let control: LoopControl

  beforeEach(async () => {
    control = await LoopControl.open()
    await control.add(NUMBER)
  })

  afterEach(async () => {
    if ((await existingNumbers()).includes(NUMBER)) await remove()
    await control[Symbol.asyncDispose]()
  })

  /** udev opens each new device for a moment. */
  const remove = (): Promise<void> => eventually('it is removed', () => control.remove(NUMBER))
  const openDevice = async () => open(await new DeviceNodes().loop(NUMBER), 'r+')

  it('adds the device of a number once', async () => {
    expect(await existingNumbers()).toContain(NUMBER)
    await expect(control.add(NUMBER)).rejects.toMatchObject({ code: 'EEXIST' })
  })

  it('removes the device of a number once', async () => {
    await remove()
    expect(await existingNumbers()).not.toContain(NUMBER)
    await expect(control.remove(NUMBER)).rejects.toMatchObject({ code: 'ENODEV' })
    expect(await control.add(NUMBER)).toBe(NUMBER)
  })

  it('removes no device that is open or attached', async () => {
    await using scratch = await Scratch.make()
    const image = join(scratch.path, 'image')
    await makeSparse(image, 1 << 20)
    {
      await using handle = await openDevice()
      await expect(control.remove(NUMBER)).rejects.toMatchObject({ code: 'EBUSY' })
      await using backing = await open(image, 'r+')
      await device.configure(handle.fd, backing.fd, 0, noSettings)
    }
    expect(isAttached(NUMBER)).toBe(true)
    await expect(control.remove(NUMBER)).rejects.toMatchObject({ code: 'EBUSY' })
    {
      await using handle = await openDevice()
      await device.clrFd(handle.fd)
    }
    await remove()
  })

  it('picks a number that no device has', async () => {
    const before = await existingNumbers()
    const number = await control.add()
    expect(before).not.toContain(number)
    expect(await existingNumbers()).toContain(number)
    await eventually('it is removed', () => control.remove(number))
  })

  it('names a free device that exists', async () => {
    const number = await control.getFree()
    expect(await existingNumbers()).toContain(number)
    expect(isAttached(number)).toBe(false)
  })

  const sinceChecked = isKernelSince(5, 17) ? it : it.skip
  sinceChecked('has no number beyond the minor numbers (Linux 5.17)', async () => {
    for (const number of [1 << 20, 2 ** 31 - 1])
      await expect(control.add(number)).rejects.toMatchObject({ code: 'EINVAL' })
  })

  it('adds devices that answer nothing before they are attached', async () => {
    await using handle = await openDevice()
    const { fd } = handle
    const calls = {
      getStatus: () => device.getStatus(fd),
      setStatus: () => device.setStatus(fd, noSettings),
      setCapacity: () => device.setCapacity(fd),
      setDirectIo: () => device.setDirectIo(fd, true),
      setBlockSize: () => device.setBlockSize(fd, 512),
      clrFd: () => device.clrFd(fd),
    }
    for (const [name, call] of Object.entries(calls)) {
      expect([name, await codeOf(call())]).toEqual([name, 'ENXIO'])
    }
    expect(await device.sizeOf(fd)).toBe(0n)
    await expect(device.configure(fd, 1 << 20, 0, noSettings)).rejects.toMatchObject({ code: 'EBADF' })
  })
})

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'none',
    (error: unknown) => (error as { code?: unknown }).code,
  )
}
