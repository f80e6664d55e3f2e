import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LoopControl } from '../../../src/linux/loop/control.ts'
import { AttachedDevices } from '../../../src/linux/loop/inventory.ts'
import { LinuxLoopDevices } from '../../../src/linux/loop/loop-devices.ts'
import { never } from '../../../src/volumes/concurrency/deadlines.ts'
import type { AttachOptions, LoopDevice } from '../../../src/volumes/model/ports/loop-devices.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { makeSparse } from '../../support/images.ts'
import { tool } from '../../tool.ts'

const MiB = 1 << 20

describeRoot('losetup(8) and mount(8) beside the driver', () => {
  let scratch: Scratch
  let control: LoopControl
  let loops: LinuxLoopDevices
  let image: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    control = await LoopControl.open()
    loops = new LinuxLoopDevices(control)
    image = join(scratch.path, 'image')
    await makeSparse(image, 16 * MiB)
  })

  afterEach(async () => {
    await control[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })

  async function attach(wishes: Partial<AttachOptions> = {}): Promise<LoopDevice> {
    const options = { readOnly: false, autoclear: false, directIo: 'off', sectorBytes: 512 } as const
    await using attachment = await loops.attach(image, { ...options, name: 'image', ...wishes }, never)
    return attachment.device
  }

  it.each<[string, Partial<AttachOptions>, object]>([
    ['a device', {}, { ro: false, autoclear: false, dio: false, 'log-sec': 512 }],
    ['a read-only one', { readOnly: true }, { ro: true }],
    ['one with larger sectors', { sectorBytes: 4096 }, { 'log-sec': 4096 }],
  ])('list %s as the driver has attached it', async (_, wishes, expected) => {
    const { path } = await attach(wishes)
    const output = 'NAME,SIZELIMIT,OFFSET,AUTOCLEAR,RO,BACK-FILE,DIO,LOG-SEC'
    const listed = JSON.parse(await tool('losetup', '--json', '--list', '--output', output, path)) as object
    const device = { name: path, 'back-file': image, offset: 0, sizelimit: 0 }
    expect(listed).toMatchObject({ loopdevices: [{ ...device, ...expected }] })
  })

  it('reuse the device of an image, and put no second one on it', async () => {
    const { path } = await attach()
    expect(await tool('losetup', '--nooverlap', '--find', '--show', image)).toBe(path)
    await tool('mkfs.ext4', '-q', path)
    const directory = join(scratch.path, 'mounted')
    await mkdir(directory)
    await tool('mount', '-o', 'loop', image, directory)
    try {
      expect(await tool('findmnt', '--noheadings', '--output', 'SOURCE', directory)).toBe(path)
      await expect(loops.detach(image, never)).rejects.toMatchObject({ kind: 'failed-precondition' })
    } finally {
      await tool('umount', directory)
    }
    expect(await loops.find(image)).toMatchObject({ device: { path }, autoclear: false })
  })

  it('free the image for the next attach when they detach it', async () => {
    for (let round = 0; round < 10; round++) {
      const { path } = await attach()
      await tool('losetup', '--detach', path)
      await loops.detach(image, never)
    }
    expect(await loops.find(image)).toBeUndefined()
  })

  it('attach sections of an image, which the driver finds although they hold no lock', async () => {
    const section = async (offset: number): Promise<string> =>
      tool('losetup', '--find', '--show', '--offset', `${offset}`, '--sizelimit', `${MiB}`, image)
    const paths = [await section(0), await section(MiB)]
    const found = await (await AttachedDevices.list()).of(image)
    expect(found.map(({ device }) => device.path).sort()).toEqual(paths.sort())
    expect(found.map(({ sizeBytes }) => sizeBytes)).toEqual([BigInt(MiB), BigInt(MiB)])
    for (const path of paths) await loops.detachDevice(Number(basename(path).slice('loop'.length)), never)
    expect(await (await AttachedDevices.list()).of(image)).toEqual([])
  })
})
