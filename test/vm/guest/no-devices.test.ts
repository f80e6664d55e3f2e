import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LoopControl } from '../../../src/linux/loop/control.ts'
import { existingNumbers } from '../../../src/linux/loop/inventory.ts'
import { LinuxLoopDevices } from '../../../src/linux/loop/loop-devices.ts'
import { checkFreeDevices, checkLoopControl } from '../../../src/linux/preflight/loop-devices.ts'
import { never } from '../../../src/volumes/concurrency/deadlines.ts'
import { Scratch } from '../../scratch.ts'
import { commandLine } from '../../support/command-line.ts'
import { eventually } from '../../support/eventually.ts'
import { makeSparse } from '../../support/images.ts'
import { describeGuest, moduleParameter } from './needs.ts'

/** The kernel makes no device in advance, and none is there when a test begins. */
const noneInAdvance = moduleParameter('loop', 'max_loop', '0')

describeGuest('a machine without a single loop device', [noneInAdvance], () => {
  let scratch: Scratch
  let control: LoopControl

  beforeEach(async () => {
    scratch = await Scratch.make()
    control = await LoopControl.open()
    await removeAll()
  })

  afterEach(async () => {
    await control[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })

  /** udev has a device open for a moment that was added. */
  const removeAll = async (): Promise<void> => {
    for (const number of await existingNumbers())
      await eventually(`/dev/loop${number} is removed`, () => control.remove(number))
    expect(await existingNumbers()).toEqual([])
  }

  it('gets its first ones from the driver', async () => {
    const loops = new LinuxLoopDevices(control)
    const options = { readOnly: false, autoclear: true, directIo: 'auto', sectorBytes: 512 } as const
    const images = ['first', 'second'].map((name) => join(scratch.path, name))
    await using attachments = new AsyncDisposableStack()
    for (const [number, image] of images.entries()) {
      await makeSparse(image, 1 << 20)
      const attachment = await loops.attach(image, { ...options, name: 'image' }, never)
      attachments.use(attachment)
      expect(attachment.device).toEqual({ number, path: `/dev/loop${number}` })
    }
    expect(await existingNumbers()).toEqual([0, 1])
  })

  it('is one that the driver can work on', async () => {
    expect(await checkLoopControl()).toEqual([])
    expect(await checkFreeDevices()).toEqual([])
  })

  it('lists none, and adds the first when it is asked for a free one', async () => {
    const list = await commandLine(['loop', 'list', '--json'])
    expect([list.code, JSON.parse(list.stdout)]).toEqual([0, []])
    const free = await commandLine(['loop', 'get-free'])
    expect(free).toEqual({ code: 0, stdout: '/dev/loop0\n', stderr: '' })
    expect(await existingNumbers()).toEqual([0])
  })
})
