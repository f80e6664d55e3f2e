import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LO_FLAGS_PARTSCAN } from '../../../src/linux/abi/loop.ts'
import { LoopControl } from '../../../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../../../src/linux/loop/loop-devices.ts'
import { never } from '../../../src/volumes/concurrency/deadlines.ts'
import { hasErrno } from '../../../src/volumes/model/errors.ts'
import { Scratch } from '../../scratch.ts'
import { eventually } from '../../support/eventually.ts'
import { makeSparse } from '../../support/images.ts'
import { IoctlDevice } from '../../support/ioctl-device.ts'
import { SECTOR_BYTES, writePartitionTable } from '../../support/partition-table.ts'
import { tool } from '../../tool.ts'
import { KernelEvents } from './kernel-events.ts'
import { describeGuest, moduleParameter, program } from './needs.ts'

const SECTORS = (16 << 20) / SECTOR_BYTES
const ROUNDS = 50

const first = { start: 2048, sectors: 4096 }
const second = { start: 8192, sectors: 4096 }

const needs = [moduleParameter('loop', 'max_part', '0'), program('udevadm')]

describeGuest('partition tables in loop devices', needs, () => {
  let scratch: Scratch
  let events: KernelEvents
  let image: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    image = join(scratch.path, 'image')
    await makeSparse(image, SECTORS * SECTOR_BYTES)
    await writePartitionTable(image, [first])
    events = await KernelEvents.listen()
  })

  afterEach(async () => {
    await events[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })

  const scanned = (): Promise<IoctlDevice> => IoctlDevice.attach(image, { flags: LO_FLAGS_PARTSCAN })

  it('are read when the device is attached with a scan, with an event for each partition', async () => {
    const loop = await scanned()
    expect(await partitionsOf(loop.number)).toEqual([`loop${loop.number}p1`])
    expect(new Set(await events.take())).toEqual(new Set([`add loop${loop.number}p1`]))
    await loop[Symbol.asyncDispose]()
    await eventually('its partition is gone', async () => {
      expect(await partitionsOf(loop.number)).toEqual([])
    })
    expect((await events.take()).at(-1)).toBe(`remove loop${loop.number}p1`)
  })

  it('are read when a scan is turned on later, and again on request', async () => {
    await using loop = await IoctlDevice.attach(image)
    await loop.set({ flags: LO_FLAGS_PARTSCAN })
    expect(await partitionsOf(loop.number)).toEqual([`loop${loop.number}p1`])
    await writePartitionTable(loop.path, [first, second])
    await eventually('no one has a partition open', () => tool('blockdev', '--rereadpt', loop.path))
    expect(await partitionsOf(loop.number)).toEqual([`loop${loop.number}p1`, `loop${loop.number}p2`])
  })

  it('are not read in a device of the driver', async () => {
    await using control = await LoopControl.open()
    const loops = new LinuxLoopDevices(control)
    const options = { readOnly: false, autoclear: true, directIo: 'off', sectorBytes: 512 } as const
    const attachment = await loops.attach(image, { ...options, name: 'image' }, never)
    const { number, path } = attachment.device
    await tool('udevadm', 'settle')
    await expect(tool('blockdev', '--rereadpt', path)).rejects.toThrow('Invalid argument')
    expect(await partitionsOf(number)).toEqual([])
    await attachment[Symbol.asyncDispose]()
    expect(await events.take()).toEqual([])
  })

  it('leave no partition when one is opened while its device is detached', async () => {
    const used = new Set<number>()
    for (let round = 0; round < ROUNDS; round++) {
      const loop = await scanned()
      used.add(loop.number)
      await Promise.all([loop[Symbol.asyncDispose](), openForAMoment(`${loop.path}p1`)])
    }
    await eventually('no partition is left', async () => {
      for (const number of used) expect(await partitionsOf(number)).toEqual([])
    })
  })
})

async function partitionsOf(number: number): Promise<string[]> {
  const names = await readdir(`/sys/block/loop${number}`)
  return names.filter((name) => name.startsWith(`loop${number}p`)).sort()
}

async function openForAMoment(path: string): Promise<void> {
  try {
    await (await open(path, 'r')).close()
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENXIO', 'ENODEV')) throw error
  }
}
