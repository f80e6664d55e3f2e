import { open } from 'node:fs/promises'
import { afterAll, describe } from '@jest/globals'
import { LoopControl } from '../../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'
import { FakeLoopDevices } from '../fakes/loop-devices.ts'
import { describeRoot } from '../root.ts'
import { loopDevicesContract } from './loop-devices.ts'

describe('LoopDevices: fake', () => {
  loopDevicesContract(() => {
    const loops = new FakeLoopDevices()
    return Promise.resolve({
      loops,
      use: (device) => {
        loops.hold(device)
        const released = new AsyncDisposableStack()
        released.defer(() => {
          loops.release(device)
        })
        return Promise.resolve(released)
      },
    })
  })
})

describeRoot('LoopDevices: kernel', () => {
  let control: LoopControl | undefined

  loopDevicesContract(async () => ({
    loops: new LinuxLoopDevices((control ??= await LoopControl.open())),
    use: ({ path }) => open(path, 'r'),
  }))

  afterAll(() => control?.[Symbol.asyncDispose]())
})
