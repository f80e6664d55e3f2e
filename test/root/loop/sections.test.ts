import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LoopControl } from '../../../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../../../src/linux/loop/loop-devices.ts'
import { never } from '../../../src/volumes/concurrency/deadlines.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { Dice } from '../../support/images.ts'
import { IoctlDevice } from '../../support/ioctl-device.ts'
import { tool } from '../../tool.ts'

const KiB = 1024

/** How many bytes of an image of 128 KiB the device has. */
const sections: [offset: number, sizeLimit: number, sizeBytes: number][] = [
  [0, 64 * KiB, 64 * KiB],
  [64 * KiB, 0, 64 * KiB],
  [64 * KiB, 32 * KiB, 32 * KiB],
  [0, 256 * KiB, 128 * KiB],
  [512, 0, 128 * KiB - 512],
  [1, 0, 128 * KiB - 512],
  [1000, 0, 128 * KiB - 1024],
  [0, 1000, 512],
  [0, 100, 0],
  [128 * KiB - 1, 0, 0],
  [256 * KiB, 0, 0],
]

describeRoot('a loop device that is attached to a section of a file', () => {
  let scratch: Scratch
  let image: string
  let content: Buffer

  beforeEach(async () => {
    scratch = await Scratch.make()
    image = join(scratch.path, 'image')
    const dice = new Dice(1)
    content = Buffer.from(Uint8Array.from({ length: 128 * KiB }, () => dice.roll(256)))
    await writeFile(image, content)
  })

  afterEach(() => scratch[Symbol.asyncDispose]())

  it.each(sections)('with offset %i and limit %i has %i bytes', async (offset, sizeLimit, sizeBytes) => {
    const section = { offset: BigInt(offset), sizeLimit: BigInt(sizeLimit) }
    const expectSection = async (loop: IoctlDevice): Promise<void> => {
      expect(await loop.sizeBytes()).toBe(BigInt(sizeBytes))
      expect(await loop.status()).toMatchObject(section)
      const expected = content.subarray(offset, offset + sizeBytes)
      expect((await readFile(loop.path)).equals(expected)).toBe(true)
    }
    await using attached = await IoctlDevice.attach(image, section)
    await expectSection(attached)
    await using changed = await IoctlDevice.attach(image)
    await changed.set(section)
    await tool('blockdev', '--flushbufs', changed.path)
    await expectSection(changed)
  })

  it('is a section of another device as well', async () => {
    await using below = await IoctlDevice.attach(image, { mode: 'r' })
    const section = { offset: BigInt(64 * KiB), sizeLimit: 1000n, mode: 'r' } as const
    await using loop = await IoctlDevice.attach(below.path, section)
    expect(await loop.sizeBytes()).toBe(512n)
    const expected = content.subarray(64 * KiB, 64 * KiB + 512)
    expect((await readFile(loop.path)).equals(expected)).toBe(true)
  })

  it('writes into the section only', async () => {
    {
      await using loop = await IoctlDevice.attach(image, { offset: 1536n, sizeLimit: 1024n })
      await loop.handle.write(Buffer.alloc(4096, 7), 0, 4096, 0)
      await loop.handle.sync()
    }
    expect((await readFile(image)).equals(content.fill(7, 1536, 2560))).toBe(true)
  })

  it.each([
    ['an offset', { offset: 1n << 63n }],
    ['a size limit', { sizeLimit: 1n << 63n }],
  ])('refuses %s that is negative as a signed number', async (_, section) => {
    await expect(IoctlDevice.attach(image, section)).rejects.toMatchObject({ code: 'EOVERFLOW' })
    await using loop = await IoctlDevice.attach(image, { offset: 512n })
    await expect(loop.set(section)).rejects.toMatchObject({ code: 'EOVERFLOW' })
    expect(await loop.status()).toMatchObject({ offset: 512n, sizeLimit: 0n })
  })

  it('keeps its section, name and flags when `loop detach` finds it in use', async () => {
    await using control = await LoopControl.open()
    const settings = { offset: 4096n, sizeLimit: 8192n, fileName: 'of another program' }
    await using loop = await IoctlDevice.attach(image, settings)
    await using _other = await open(loop.path, 'r')
    const before = await loop.status()
    const detaching = new LinuxLoopDevices(control).detachDevice(loop.number, never)
    await expect(detaching).rejects.toMatchObject({
      kind: 'failed-precondition',
      message: expect.stringContaining('open somewhere'),
    })
    expect(await loop.status()).toEqual(before)
    expect(await loop.sizeBytes()).toBe(8192n)
  })
})
