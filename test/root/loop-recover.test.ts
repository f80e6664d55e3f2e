import { mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LoopControl } from '../../src/linux/loop/control.ts'
import { countDevices } from '../../src/linux/loop/inventory.ts'
import { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'
import type { LoopDevice } from '../../src/volumes/ports.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { makeSparse } from '../support/images.ts'
import { tool } from '../tool.ts'

const never = new AbortController().signal

describeRoot('a device whose image has no name any more', () => {
  let scratch: Scratch
  let control: LoopControl
  let loops: LinuxLoopDevices
  let device: LoopDevice

  beforeEach(async () => {
    scratch = await Scratch.make()
    control = await LoopControl.open()
    loops = new LinuxLoopDevices(control)
    const image = join(scratch.path, 'image')
    await makeSparse(image, 16 << 20)
    const options = { readOnly: false, autoclear: false, directIo: 'auto', sectorBytes: 512 } as const
    await using attachment = await loops.attach(image, { ...options, name: basename(scratch.path) }, never)
    device = attachment.device
    await tool('mkfs.ext4', '-q', device.path)
    await rm(image)
  })

  afterEach(async () => {
    await control[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })

  const isOurs = (name: string): boolean => name === basename(scratch.path)

  it('is left alone while it is mounted, and detached then', async () => {
    const target = join(scratch.path, 'mnt')
    await mkdir(target)
    await tool('mount', device.path, target)
    try {
      expect(await loops.recover(isOurs)).toMatchObject({ detached: [], inUse: [{ device }] })
    } finally {
      await tool('umount', target)
    }
    expect(await loops.recover(isOurs)).toMatchObject({ detached: [{ device }], inUse: [] })
    expect(await loops.recover(isOurs)).toEqual({ detached: [], inUse: [] })
  })

  it('is counted among the devices in use', async () => {
    expect((await countDevices()).bound).toBeGreaterThan(0)
  })
})
