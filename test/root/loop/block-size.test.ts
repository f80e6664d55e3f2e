import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LoopControl } from '../../../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../../../src/linux/loop/loop-devices.ts'
import { never } from '../../../src/volumes/concurrency/deadlines.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { makeSparse } from '../../support/images.ts'
import { IoctlDevice } from '../../support/ioctl-device.ts'
import { devicesOf } from '../../support/leftovers.ts'
import { isKernelSince } from '../../support/kernel.ts'
import { tool } from '../../tool.ts'

const BYTES = 1 << 20
const sizes = [512, 1024, 2048, 4096]

/** Less than a sector, no power of two, and more than any kernel has: a page, or 64 KiB since Linux 6.15. */
const refused = [256, 513, 1234, 1 << 17]

describeRoot('the block size of a loop device', () => {
  let scratch: Scratch
  let image: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    image = join(scratch.path, 'image')
    await makeSparse(image, BYTES)
  })

  afterEach(() => scratch[Symbol.asyncDispose]())

  const blockSize = (loop: IoctlDevice): string => loop.attribute('queue/logical_block_size')

  it.each(sizes)('is %i when it is attached so, and the least that direct I/O transfers', async (bytes) => {
    await using loop = await IoctlDevice.attach(image, { blockSize: bytes })
    expect(blockSize(loop)).toBe(String(bytes))
    await transfer(loop.path, bytes)
    if (bytes > 512) await expect(transfer(loop.path, bytes / 2)).rejects.toThrow('Invalid argument')
  })

  it('changes while the device is attached', async () => {
    await using loop = await IoctlDevice.attach(image, { blockSize: 512 })
    for (const bytes of sizes.toReversed()) {
      await loop.setBlockSize(bytes)
      expect(blockSize(loop)).toBe(String(bytes))
      await transfer(loop.path, bytes)
      expect(await loop.sizeBytes()).toBe(BigInt(BYTES))
    }
  })

  it.each(refused)('is never %i', async (bytes) => {
    await expect(IoctlDevice.attach(image, { blockSize: bytes })).rejects.toMatchObject({ code: 'EINVAL' })
    expect(await devicesOf(scratch.path)).toEqual(new Map())
    await using loop = await IoctlDevice.attach(image, { blockSize: 1024 })
    await expect(loop.setBlockSize(bytes)).rejects.toMatchObject({ code: 'EINVAL' })
    expect(blockSize(loop)).toBe('1024')
  })

  const sinceExclusive = isKernelSince(6, 17) ? it : it.skip
  sinceExclusive('does not change while the device is mounted or held (Linux 6.17)', async () => {
    await using loop = await IoctlDevice.attach(image, { blockSize: 512 })
    await using _held = await open(loop.path, constants.O_RDONLY | constants.O_EXCL)
    await expect(loop.setBlockSize(4096)).rejects.toMatchObject({ code: 'EBUSY' })
    expect(blockSize(loop)).toBe('512')
  })

  it('does not round the size of the device', async () => {
    const odd = join(scratch.path, 'odd')
    await makeSparse(odd, 4096 + 512 + 100)
    await using loop = await IoctlDevice.attach(odd, { blockSize: 4096 })
    expect(await loop.sizeBytes()).toBe(4608n)
  })

  it.each([512, 4096] as const)('is what the driver attaches an image with: %i', async (sectorBytes) => {
    await using control = await LoopControl.open()
    const loops = new LinuxLoopDevices(control)
    const options = { name: 'image', readOnly: false, autoclear: true, directIo: 'off', sectorBytes } as const
    await using attachment = await loops.attach(image, options, never)
    expect(await tool('blockdev', '--getss', attachment.device.path)).toBe(String(sectorBytes))
  })
})

/** Writes and reads so many bytes of a device past its page cache. */
async function transfer(path: string, bytes: number): Promise<void> {
  const count = [`bs=${bytes}`, 'count=2', 'status=none']
  await tool('dd', 'if=/dev/zero', `of=${path}`, 'oflag=direct', ...count)
  await tool('dd', `if=${path}`, 'of=/dev/null', 'iflag=direct', ...count)
}
