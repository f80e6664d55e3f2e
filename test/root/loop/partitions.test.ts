import { existsSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LoopControl } from '../../../src/linux/loop/control.ts'
import { readAttribute } from '../../../src/linux/loop/device.ts'
import { LinuxLoopDevices } from '../../../src/linux/loop/loop-devices.ts'
import { never } from '../../../src/volumes/concurrency/deadlines.ts'
import type { LoopDevice } from '../../../src/volumes/model/ports/loop-devices.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { makeSparse } from '../../support/images.ts'
import { SECTOR_BYTES, writePartitionTable } from '../../support/partition-table.ts'
import { tool } from '../../tool.ts'

const SECTORS = (32 << 20) / SECTOR_BYTES
const START = 8

/**
 * partx(8) reads the table itself, and adds the partitions by BLKPG. Tables that the kernel reads, which not
 * every kernel does, are in test/vm/guest.
 */
describeRoot('a loop device of the driver with a partition that a program added', () => {
  let resources: AsyncDisposableStack
  let scratch: Scratch
  let loops: LinuxLoopDevices
  let image: string
  let device: LoopDevice

  beforeEach(async () => {
    resources = new AsyncDisposableStack()
    scratch = resources.use(await Scratch.make())
    loops = new LinuxLoopDevices(resources.use(await LoopControl.open()))
    image = join(scratch.path, 'image')
    await makeSparse(image, SECTORS * SECTOR_BYTES)
    await writePartitionTable(image, [{ start: START, sectors: SECTORS - START }])
    const options = { readOnly: false, autoclear: false, directIo: 'off', sectorBytes: 512 } as const
    await using attachment = await loops.attach(image, { ...options, name: 'image' }, never)
    device = attachment.device
    await tool('partx', '--update', device.path)
    resources.defer(async () => {
      if (existsSync(inSysfs())) await tool('partx', '--delete', device.path)
    })
  })

  afterEach(() => resources.disposeAsync())

  const inSysfs = (): string => `/sys/block/loop${device.number}/loop${device.number}p1`
  const partition = (): string => `${device.path}p1`

  const expectInUse = async (how: string): Promise<void> => {
    await expect(loops.detach(image, never)).rejects.toMatchObject({
      kind: 'failed-precondition',
      message: expect.stringContaining(how),
    })
    expect(await loops.find(image)).toMatchObject({ device, autoclear: false })
  }

  it('has it, although it was not attached to be scanned', () => {
    expect(readAttribute(`/sys/block/loop${device.number}/loop/partscan`)).toBe('0')
    expect(existsSync(inSysfs())).toBe(true)
  })

  it('does not leave it to the next image that gets the number', async () => {
    await using control = await LoopControl.open()
    // The lowest free number may be another one.
    control.getFree = () => Promise.resolve(device.number)
    const next = new LinuxLoopDevices(control)
    const other = join(scratch.path, 'other')
    await makeSparse(other, SECTORS * SECTOR_BYTES)
    await loops.detach(image, never)
    const options = { readOnly: true, autoclear: true, directIo: 'off', sectorBytes: 512 } as const
    await using attachment = await next.attach(other, { ...options, name: 'other' }, never)
    expect(attachment.device).toEqual(device)
    expect(existsSync(inSysfs())).toBe(false)
  })

  it('is not detached while the partition is open', async () => {
    await using _handle = await open(partition(), 'r')
    await expectInUse('open somewhere')
  })

  it('is not detached while the partition is mounted', async () => {
    const directory = join(scratch.path, 'mounted')
    await tool('mkfs.ext4', '-q', partition())
    await mkdir(directory)
    await tool('mount', partition(), directory)
    try {
      await expectInUse('mounted or held')
    } finally {
      await tool('umount', directory)
    }
  })
})
