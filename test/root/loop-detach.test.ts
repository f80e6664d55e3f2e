import { constants } from 'node:fs'
import { open, stat, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LinuxImageFiles } from '../../src/linux/images/image-files.ts'
import { LoopControl } from '../../src/linux/loop/control.ts'
import { backedBy, tryDetach, type DeviceMatcher } from '../../src/linux/loop/detach.ts'
import { DeviceNodes } from '../../src/linux/loop/device-nodes.ts'
import { identityOf } from '../../src/linux/loop/device.ts'
import { isAttached } from '../../src/linux/loop/inventory.ts'
import { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'
import { MountedDevices } from '../../src/linux/loop/mounted-devices.ts'
import { never } from '../../src/volumes/concurrency/deadlines.ts'
import type { LoopDevice } from '../../src/volumes/model/ports/loop-devices.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { eventually } from '../support/eventually.ts'
import { makeSparse } from '../support/images.ts'
import { namespaces, showNode } from '../support/shown-node.ts'

const HELD_MS = 50

describeRoot('detaching an image', () => {
  it('waits until the kernel has released the lock of a detached device', async () => {
    await using scratch = await Scratch.make()
    await using control = await LoopControl.open()
    const [loops, files] = [new LinuxLoopDevices(control), new LinuxImageFiles()]
    const image = join(scratch.path, 'image')
    await writeFile(image, '')
    await truncate(image, 1 << 20)

    // Nobody can stop the kernel in between, so the lock is held by what is no device at all.
    const held = await files.lock(image)
    const released = setTimeout(HELD_MS).then(() => held?.[Symbol.asyncDispose]())
    await loops.detach(image, never)
    await using lock = await files.lock(image)
    expect(lock).toBeDefined()
    await released
  })
})

describeRoot('a device whose number is of another file by now', () => {
  let scratch: Scratch
  let others: string
  let device: LoopDevice
  let ours: DeviceMatcher

  beforeEach(async () => {
    scratch = await Scratch.make()
    others = await scratch.device(1n << 20n)
    device = { number: Number(others.slice('/dev/loop'.length)), path: others }
    const file = join(scratch.path, 'file')
    await writeFile(file, '')
    ours = backedBy(identityOf(await stat(file, { bigint: true })))
  })

  afterEach(() => scratch[Symbol.asyncDispose]())

  it('is not taken for busy while another program has it open exclusively', async () => {
    await using _mounting = await open(others, constants.O_RDONLY | constants.O_EXCL)
    expect(await tryDetach(device, ours, MountedDevices.none)).toBeUndefined()
    expect(isAttached(device.number)).toBe(true)
  })

  it('is never opened exclusively, so that it can be mounted at any time', async () => {
    const opened: unknown[] = []
    const watched: DeviceMatcher = async (...values) => {
      // It would fail while we have the device open exclusively.
      await using exclusive = await open(others, constants.O_RDONLY | constants.O_EXCL)
      opened.push(exclusive.fd)
      return await ours(...values)
    }
    expect(await tryDetach(device, watched, MountedDevices.none)).toBeUndefined()
    expect(opened).toHaveLength(1)
  })
})

describeRoot('a device on a disk that does not answer', () => {
  it('is not waited for', async () => {
    await using scratch = await Scratch.make()
    const path = await scratch.device(1n << 20n)
    const device = { number: Number(path.slice('/dev/loop'.length)), path }
    const answer = Promise.withResolvers<undefined>()
    const use = await tryDetach(device, () => answer.promise, MountedDevices.none)
    expect(use).toEqual({ device, how: 'on a file system that does not answer' })
    expect(isAttached(device.number)).toBe(true)
    answer.resolve(undefined)
  })
})

describeRoot('a device whose device node is bind-mounted', () => {
  let scratch: Scratch
  let control: LoopControl
  let loops: LinuxLoopDevices
  let image: string
  let device: LoopDevice

  beforeEach(async () => {
    scratch = await Scratch.make()
    control = await LoopControl.open()
    loops = new LinuxLoopDevices(control)
    image = join(scratch.path, 'image')
    await makeSparse(image, 1 << 20)
    device = await attach(image)
  })

  afterEach(async () => {
    await control[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })

  const name = (): string => basename(scratch.path)

  async function attach(file: string, readOnly = false): Promise<LoopDevice> {
    const options = { readOnly, autoclear: false, directIo: 'off', sectorBytes: 512, name: name() } as const
    await using attachment = await loops.attach(file, options, never)
    return attachment.device
  }

  const show = (within: readonly string[], lasts?: string) =>
    showNode(device.path, join(scratch.path, 'node'), within, lasts)

  it.each(namespaces)('%s for a moment is detached afterwards', async (_, within) => {
    await using _shown = await show(within, '0.2')
    await loops.detachDevice(device.number, never)
    expect(isAttached(device.number)).toBe(false)
  })

  it('for a moment is detached with the devices on top of it', async () => {
    await attach(device.path, true)
    await using _shown = await show([], '0.2')
    await loops.detachWithAbove(image, never)
    expect(isAttached(device.number)).toBe(false)
  })

  it.each(namespaces)('%s stays attached, with the devices on top of it', async (_, within) => {
    const above = await attach(device.path, true)
    await using shown = await show(within)
    await expect(loops.detachNamed(name(), never)).rejects.toMatchObject({
      kind: 'failed-precondition',
      message: expect.stringContaining(`${device.path} is still mounted at ${shown.file}`),
    })
    expect([device, above].map(({ number }) => isAttached(number))).toEqual([true, true])
  })

  it('is not waited for by a cancelled call', async () => {
    await using _shown = await show([])
    await expect(loops.detach(image, AbortSignal.timeout(100))).rejects.toMatchObject({ name: 'AbortError' })
    expect(isAttached(device.number)).toBe(true)
  })
})

describeRoot('detaching an image with the devices on top of its own', () => {
  it('reads no other device of the machine when nothing is attached', async () => {
    await using scratch = await Scratch.make()
    const other = await scratch.device(1n << 20n)
    const image = join(scratch.path, 'image')
    await makeSparse(image, 1 << 20)
    const lookedAt: number[] = []
    class Nodes extends DeviceNodes {
      override loop(number: number): Promise<string> {
        lookedAt.push(number)
        return super.loop(number)
      }
    }
    await using control = await LoopControl.open()
    const loops = new LinuxLoopDevices(control, new Nodes())
    const options = { readOnly: false, autoclear: false, directIo: 'off', sectorBytes: 512 } as const
    const detach = async (): Promise<string[]> => {
      const attachment = await loops.attach(image, { ...options, name: 'image' }, never)
      await attachment[Symbol.asyncDispose]()
      lookedAt.length = 0
      await loops.detachWithAbove(image, never)
      expect(isAttached(attachment.device.number)).toBe(false)
      return lookedAt.map((number) => `/dev/loop${number}`)
    }
    // While another process has the device open, which a driver's scan does for a moment, it does look.
    await eventually('no other is looked at', async () => {
      expect(await detach()).not.toContain(other)
    })
  })
})
