import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import {
  LO_FLAGS_AUTOCLEAR,
  LO_FLAGS_DIRECT_IO,
  LO_FLAGS_PARTSCAN,
  LO_FLAGS_READ_ONLY,
  LOOP_GET_STATUS64,
  LOOP_SET_STATUS64,
} from '../../../src/linux/abi/loop.ts'
import { ioctl } from '../../../src/linux/system-calls.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { makeSparse } from '../../support/images.ts'
import { IoctlDevice } from '../../support/ioctl-device.ts'
import { devicesOf } from '../../support/leftovers.ts'

describeRoot('the status of a loop device', () => {
  let scratch: Scratch
  let image: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    image = join(scratch.path, 'image')
    await makeSparse(image, 1 << 20)
  })

  afterEach(() => scratch[Symbol.asyncDispose]())

  it('turns autoclear on and off, and the partition scan only on', async () => {
    await using loop = await IoctlDevice.attach(image)
    const flags = async (wanted: number): Promise<unknown[]> => {
      await loop.set({ flags: wanted })
      const { flags } = await loop.status()
      return [flags, loop.attribute('loop/autoclear'), loop.attribute('loop/partscan')]
    }
    expect(await flags(LO_FLAGS_AUTOCLEAR)).toEqual([LO_FLAGS_AUTOCLEAR, '1', '0'])
    expect(await flags(0)).toEqual([0, '0', '0'])
    expect(await flags(LO_FLAGS_PARTSCAN)).toEqual([LO_FLAGS_PARTSCAN, '0', '1'])
    expect(await flags(0)).toEqual([LO_FLAGS_PARTSCAN, '0', '1'])
  })

  it('makes no device read-only or direct later, and ignores unknown flags', async () => {
    await using loop = await IoctlDevice.attach(image)
    await loop.set({ flags: LO_FLAGS_READ_ONLY | LO_FLAGS_DIRECT_IO | 64 })
    expect((await loop.status()).flags).toBe(0)
    expect([loop.attribute('ro'), loop.attribute('loop/dio')]).toEqual(['0', '0'])
  })

  it('has name, offset and size limit, in sysfs as well', async () => {
    const settings = { offset: 4096n, sizeLimit: 8192n, fileName: 'näme' }
    await using loop = await IoctlDevice.attach(image, settings)
    expect(await loop.status()).toMatchObject({ ...settings, number: loop.number })
    expect(loop.attribute('loop/backing_file')).toBe(image)
    expect(loop.attribute('loop/offset')).toBe('4096')
    expect(loop.attribute('loop/sizelimit')).toBe('8192')
  })

  it('is refused without a structure, and answers the next call', async () => {
    await using loop = await IoctlDevice.attach(image)
    const call = (request: number) => ioctl(loop.fd, request, 0, 'an ioctl with a null pointer')
    await expect(call(LOOP_GET_STATUS64)).rejects.toMatchObject({ code: 'EINVAL' })
    await expect(call(LOOP_SET_STATUS64)).rejects.toMatchObject({ code: 'EFAULT' })
    expect(await loop.status()).toMatchObject({ fileName: 'ioctls' })
  })

  it.each([
    ['a file that is open for reading', { mode: 'r' }],
    ['the flag, and a file that is open for writing', { flags: LO_FLAGS_READ_ONLY }],
  ] as const)('is read-only with %s', async (_, wishes) => {
    await using loop = await IoctlDevice.attach(image, wishes)
    expect((await loop.status()).flags).toBe(LO_FLAGS_READ_ONLY)
    expect(loop.attribute('ro')).toBe('1')
    await expect(loop.handle.write(Buffer.alloc(512), 0, 512, 0)).rejects.toMatchObject({ code: 'EPERM' })
    expect((await loop.handle.read(Buffer.alloc(512), 0, 512, 0)).bytesRead).toBe(512)
  })

  it.each<[string, (directory: string) => Promise<unknown>]>([
    ['an unknown flag', (directory) => IoctlDevice.attach(join(directory, 'image'), { flags: 64 })],
    ['a directory', (directory) => IoctlDevice.attach(directory, { mode: 'r' })],
    ['a character device', () => IoctlDevice.attach('/dev/null')],
  ])('is refused with %s, and nothing is attached', async (_, attach) => {
    await expect(attach(scratch.path)).rejects.toMatchObject({ code: 'EINVAL' })
    expect(await devicesOf(scratch.path)).toEqual(new Map())
  })
})
