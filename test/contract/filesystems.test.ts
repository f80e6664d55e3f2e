import { statfs, truncate } from 'node:fs/promises'
import { LinuxFileSystems } from '../../src/linux/filesystems/index.ts'
import { FakeErrno } from '../fakes/errno.ts'
import { FakeFileSystems } from '../fakes/filesystems.ts'
import { describeRoot, hasResourceCapability } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { tool } from '../tool.ts'
import { describeFileSystems } from './filesystems.ts'

describeFileSystems('FakeFileSystems', () => {
  const fileSystems = new FakeFileSystems()
  let devices = 0
  const device = (sizeBytes: bigint) => {
    const path = `/dev/fake${devices++}`
    fileSystems.setSize(path, sizeBytes)
    return Promise.resolve(path)
  }
  return Promise.resolve({
    fileSystems,
    absentDevice: '/dev/absent',
    device,
    unreadableDevice() {
      fileSystems.failNext('probe', new FakeErrno('EIO', 'read'))
      return device(1n << 30n)
    },
    enlarge(path, sizeBytes) {
      fileSystems.setSize(path, sizeBytes)
      return Promise.resolve()
    },
    mount: (path) => Promise.resolve(`/mnt${path}`),
    sizeOf: (path) => Promise.resolve(fileSystems.contentOf(path)?.sizeBytes ?? 0n),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
})

describeRoot('on this machine', () => {
  describeFileSystems(
    'LinuxFileSystems',
    async () => {
      const scratch = await Scratch.make()
      const fileSystems = new LinuxFileSystems()
      return {
        fileSystems,
        absentDevice: '/dev/loop-absent',
        device: (sizeBytes) => scratch.device(sizeBytes),
        async unreadableDevice() {
          const device = await scratch.device(1n << 30n)
          await truncate(scratch.imageOf(device), 0)
          return device
        },
        enlarge: (device, sizeBytes) => scratch.enlarge(device, sizeBytes),
        async mount(device, type) {
          const mountPoint = await scratch.directory('mnt')
          await tool('mount', '-t', type, device, mountPoint)
          return mountPoint
        },
        async sizeOf(_device, mountPoint) {
          const { blocks, bsize } = await statfs(mountPoint, { bigint: true })
          return blocks * bsize
        },
        [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
      }
    },
    hasResourceCapability() ? {} : { ext4: 'needs CAP_SYS_RESOURCE, which root does not have here' },
  )
})
