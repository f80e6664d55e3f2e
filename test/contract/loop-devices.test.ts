import { afterAll, describe } from '@jest/globals'
import { LoopControl } from '../../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'
import { FakeLoopDevices } from '../fakes/loop-devices.ts'
import { describeRoot } from '../root.ts'
import { loopDevicesContract } from './loop-devices.ts'

describe('LoopDevices: fake', () => {
  loopDevicesContract(() => Promise.resolve(new FakeLoopDevices()))
})

describeRoot('LoopDevices: kernel', () => {
  let control: LoopControl | undefined

  loopDevicesContract(async () => new LinuxLoopDevices((control ??= await LoopControl.open())))

  afterAll(() => control?.[Symbol.asyncDispose]())
})
