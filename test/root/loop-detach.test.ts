import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { LinuxImageFiles } from '../../src/linux/image-files.ts'
import { LoopControl } from '../../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'

const HELD_MS = 50

describeRoot('detaching an image', () => {
  it('waits for the lock that a device has until the kernel has taken it down', async () => {
    await using scratch = await Scratch.make()
    await using control = await LoopControl.open()
    const [loops, files] = [new LinuxLoopDevices(control), new LinuxImageFiles()]
    const image = join(scratch.path, 'image')
    await writeFile(image, '')
    await truncate(image, 1 << 20)

    // Nobody can stop the kernel in between, so the lock is held by what is no device at all.
    const held = await files.lock(image)
    const released = setTimeout(HELD_MS).then(() => held?.[Symbol.asyncDispose]())
    await loops.detach(image, new AbortController().signal)
    await using lock = await files.lock(image)
    expect(lock).toBeDefined()
    await released
  })
})
