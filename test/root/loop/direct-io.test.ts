import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { LO_FLAGS_DIRECT_IO } from '../../../src/linux/abi/loop.ts'
import { LoopControl } from '../../../src/linux/loop/control.ts'
import { setDirectIo } from '../../../src/linux/loop/device.ts'
import { LinuxLoopDevices } from '../../../src/linux/loop/loop-devices.ts'
import { never } from '../../../src/volumes/concurrency/deadlines.ts'
import type { AttachOptions } from '../../../src/volumes/model/ports/loop-devices.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { eventually } from '../../support/eventually.ts'
import { makeSparse } from '../../support/images.ts'
import { IoctlDevice } from '../../support/ioctl-device.ts'
import { devicesOf } from '../../support/leftovers.ts'
import { tool } from '../../tool.ts'

const MiB = 1 << 20
const BLOCK = 4096

/** Direct I/O transfers whole sectors of the disk below, so what is possible follows from their size. */
describeRoot('direct I/O of a loop device whose file is on a disk with sectors of 4096 bytes', () => {
  let scratch: Scratch
  let resources: AsyncDisposableStack
  let image: string

  beforeEach(async () => {
    resources = new AsyncDisposableStack()
    scratch = resources.use(await Scratch.make())
    const [file, mounted] = [join(scratch.path, 'disk'), join(scratch.path, 'mounted')]
    await makeSparse(file, 64 * MiB)
    const disk = resources.use(await IoctlDevice.attach(file, { blockSize: BLOCK }))
    await tool('mkfs.ext4', '-q', disk.path)
    await mkdir(mounted)
    await tool('mount', disk.path, mounted)
    // udev may have the device of the image open for a moment, which keeps the file system busy.
    resources.defer(async () => {
      await eventually('it is unmounted', () => tool('umount', mounted))
    })
    image = join(mounted, 'image')
    await makeSparse(image, MiB)
  })

  afterEach(() => resources.disposeAsync())

  const modes = async (loop: IoctlDevice): Promise<[inStatus: boolean, inSysfs: string]> => [
    ((await loop.status()).flags & LO_FLAGS_DIRECT_IO) !== 0,
    loop.attribute('loop/dio'),
  ]

  it.each([512, 1024, 2048])('is off with blocks of %i bytes, and cannot be turned on', async (blockSize) => {
    await using loop = await IoctlDevice.attach(image, { blockSize, flags: LO_FLAGS_DIRECT_IO })
    expect(await modes(loop)).toEqual([false, '0'])
    await expect(setDirectIo(loop.fd, true)).rejects.toMatchObject({ code: 'EINVAL' })
    await setDirectIo(loop.fd, false)
    expect(await modes(loop)).toEqual([false, '0'])
  })

  it('is on with blocks of 4096 bytes, and is turned off and on', async () => {
    await using loop = await IoctlDevice.attach(image, { blockSize: BLOCK, flags: LO_FLAGS_DIRECT_IO })
    expect(await modes(loop)).toEqual([true, '1'])
    for (const on of [false, true]) {
      await setDirectIo(loop.fd, on)
      expect(await modes(loop)).toEqual([on, on ? '1' : '0'])
    }
  })

  it('ends when the blocks become smaller', async () => {
    await using loop = await IoctlDevice.attach(image, { blockSize: BLOCK, flags: LO_FLAGS_DIRECT_IO })
    await loop.setBlockSize(512)
    expect(await modes(loop)).toEqual([false, '0'])
  })

  it.each([
    ['is not possible with an offset of half a sector', BLOCK / 2, false],
    ['is possible with an offset of a sector', BLOCK, true],
  ])('%s', async (_, offset, isPossible) => {
    const wishes = { offset: BigInt(offset), blockSize: BLOCK, flags: LO_FLAGS_DIRECT_IO }
    await using loop = await IoctlDevice.attach(image, wishes)
    expect(await modes(loop)).toEqual([isPossible, isPossible ? '1' : '0'])
    if (!isPossible) await expect(setDirectIo(loop.fd, true)).rejects.toMatchObject({ code: 'EINVAL' })
  })

  describe('by the driver', () => {
    const loops = async (): Promise<LinuxLoopDevices> =>
      new LinuxLoopDevices(resources.use(await LoopControl.open()))
    const options = (wishes: Pick<AttachOptions, 'directIo' | 'sectorBytes'>): AttachOptions => ({
      ...{ name: 'image', readOnly: false, autoclear: true },
      ...wishes,
    })

    it.each([
      ['auto', 512, false],
      ['auto', 4096, true],
      ['on', 4096, true],
      ['off', 4096, false],
    ] as const)('is as asked and as possible: %s with %i', async (directIo, sectorBytes, isOn) => {
      const attachment = await (await loops()).attach(image, options({ directIo, sectorBytes }), never)
      resources.use(attachment)
      expect(attachment.directIo).toBe(isOn)
    })

    it('is refused where it is required and not possible, and nothing stays attached', async () => {
      const attaching = (await loops()).attach(image, options({ directIo: 'on', sectorBytes: 512 }), never)
      await expect(attaching).rejects.toMatchObject({
        kind: 'failed-precondition',
        message: expect.stringContaining('directIO'),
      })
      expect([...(await devicesOf(scratch.path)).values()]).not.toContain(image)
    })

    it('is turned off and on while the device is written, and no write is lost', async () => {
      const driver = await loops()
      const wishes = options({ directIo: 'auto', sectorBytes: 4096 })
      const { device } = resources.use(await driver.attach(image, wishes, never))
      const blocks = MiB / BLOCK
      const write = async (): Promise<void> => {
        await using handle = await open(device.path, 'r+')
        for (let block = 0; block < blocks; block++)
          await handle.write(Buffer.alloc(BLOCK, block), 0, BLOCK, block * BLOCK)
        await handle.sync()
      }
      const toggle = async (): Promise<void> => {
        for (const on of [false, true, false, true, false, true])
          expect(await driver.setDirectIo(device, on)).toBe(on)
      }
      await Promise.all([write(), toggle()])
      const expected = Array.from({ length: blocks }, (_, block) => Buffer.alloc(BLOCK, block))
      expect((await readFile(image)).equals(Buffer.concat(expected))).toBe(true)
    })
  })
})
