import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LO_FLAGS_READ_ONLY } from '../../../src/linux/abi/loop.ts'
import { LoopControl } from '../../../src/linux/loop/control.ts'
import { changeFd } from '../../../src/linux/loop/device.ts'
import { AttachedDevices } from '../../../src/linux/loop/inventory.ts'
import { LinuxLoopDevices } from '../../../src/linux/loop/loop-devices.ts'
import { never } from '../../../src/volumes/concurrency/deadlines.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { fill, makeSparse } from '../../support/images.ts'
import { IoctlDevice } from '../../support/ioctl-device.ts'
import { tool } from '../../tool.ts'

const BYTES = 1 << 20
const ROUNDS = 100

/** The driver never changes the file of a device, but other programs may. */
describeRoot('a loop device whose backing file another program changes', () => {
  let scratch: Scratch
  let images: Record<'old' | 'new' | 'larger', string>

  beforeEach(async () => {
    scratch = await Scratch.make()
    const path = (name: string): string => join(scratch.path, name)
    images = { old: path('old'), new: path('new'), larger: path('larger') }
    await makeSparse(images.old, BYTES)
    await makeSparse(images.new, BYTES)
    await fill(images.new, 0, 4096, 7)
    await makeSparse(images.larger, 2 * BYTES)
  })

  afterEach(() => scratch[Symbol.asyncDispose]())

  const changeTo = async ({ fd }: { readonly fd: number }, file: string): Promise<void> => {
    await using backing = await open(file, 'r')
    await changeFd(fd, backing.fd)
  }

  it('has the content and the identity of the new file, and stays read-only', async () => {
    await using loop = await IoctlDevice.attach(images.old, { mode: 'r' })
    expect(await firstByte(loop.path)).toBe(0)
    await changeTo(loop, images.new)
    expect(await firstByte(loop.path)).toBe(7)
    expect(loop.attribute('loop/backing_file')).toBe(images.new)
    expect(await loop.status()).toMatchObject({ flags: LO_FLAGS_READ_ONLY, fileName: 'ioctls' })
  })

  it.each<[string, 'r' | 'r+', () => string, string]>([
    ['it is writable', 'r+', () => images.new, 'EINVAL'],
    ['the new file has another size', 'r', () => images.larger, 'EINVAL'],
    ['the new file is a directory', 'r', () => scratch.path, 'EINVAL'],
  ])('keeps its file when %s', async (_, mode, file, code) => {
    await using loop = await IoctlDevice.attach(images.old, { mode })
    await expect(changeTo(loop, file())).rejects.toMatchObject({ code })
    expect(loop.isAttached()).toBe(true)
  })

  it('is never put on top of itself', async () => {
    await using loop = await IoctlDevice.attach(images.old, { mode: 'r' })
    await using above = await IoctlDevice.attach(loop.path, { mode: 'r' })
    for (const device of [loop, above])
      await expect(changeTo(loop, device.path)).rejects.toMatchObject({ code: 'EBADF' })
    expect(loop.isAttached()).toBe(true)
  })

  it('is no longer the device of the old file, whose lock it releases', async () => {
    await using control = await LoopControl.open()
    const loops = new LinuxLoopDevices(control)
    const attach = () => loops.attach(images.old, { ...options, readOnly: true }, never)
    await using attachment = await attach()
    await using handle = await open(attachment.device.path, 'r')
    await changeTo(handle, images.new)
    expect(await loops.find(images.old)).toBeUndefined()
    const devices = await AttachedDevices.list()
    expect(await devices.of(images.new)).toMatchObject([{ device: attachment.device }])
    await using again = await attach()
    expect(again.device).not.toEqual(attachment.device)
  })

  it('serves devices that come and go on top of it meanwhile', async () => {
    await using control = await LoopControl.open()
    const loops = new LinuxLoopDevices(control)
    await using loop = await IoctlDevice.attach(images.old, { mode: 'r' })
    const name = (await loop.status()).fileName
    const above = { ...options, name, readOnly: true, autoclear: false }
    const change = async (): Promise<void> => {
      for (let round = 0; round < ROUNDS; round++)
        await changeTo(loop, round % 2 === 0 ? images.new : images.old)
    }
    const stack = async (): Promise<void> => {
      for (let round = 0; round < ROUNDS; round++) {
        const attachment = await loops.attach(loop.path, above, never)
        expect(await loops.find(loop.path)).toMatchObject({ device: attachment.device })
        await attachment[Symbol.asyncDispose]()
        await loops.detach(loop.path, never)
      }
    }
    await Promise.all([change(), stack()])
    expect(loop.isAttached()).toBe(true)
    expect(await loops.find(loop.path)).toBeUndefined()
  })
})

const options = { name: 'old', readOnly: false, autoclear: true, directIo: 'off', sectorBytes: 512 } as const

/** Past the page cache of the device, which may still have the old content. */
async function firstByte(path: string): Promise<number | undefined> {
  await tool('blockdev', '--flushbufs', path)
  return (await readFile(path)).at(0)
}
