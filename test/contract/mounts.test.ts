import { open } from 'node:fs/promises'
import { LinuxMounts } from '../../src/linux/mount/mounts.ts'
import { FakeMounts } from '../fakes/mounts.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { tool } from '../tool.ts'
import { describeMounts } from './mounts.ts'

describeMounts('FakeMounts', async () => {
  const scratch = await Scratch.make()
  const mounts = new FakeMounts()
  return {
    mounts,
    directory: await scratch.directory('work'),
    device: '/dev/loop0',
    loop: { number: 0, path: '/dev/loop0' },
    use(target) {
      mounts.busy.add(target)
      return Promise.resolve({
        [Symbol.asyncDispose]: () => {
          mounts.busy.delete(target)
          return Promise.resolve()
        },
      })
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  }
})

describeRoot('on this machine', () => {
  describeMounts('LinuxMounts', async () => {
    const scratch = await Scratch.make()
    const device = await scratch.device(16n << 20n)
    await tool('mkfs.ext4', '-q', device)
    return {
      mounts: new LinuxMounts(),
      directory: await scratch.directory('work'),
      device,
      loop: { number: Number(device.slice('/dev/loop'.length)), path: device },
      use: (target) => open(target, 'r'),
      [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
    }
  })
})
