import { LinuxImageFiles } from '../../src/linux/images/image-files.ts'
import { WatchedCopier } from './image-copier.ts'
import { FakeFileSystems } from './filesystems.ts'
import { FakeLoopDevices } from './loop-devices.ts'
import { FakeMounts } from './mounts.ts'

/**
 * A machine whose files are real and whose devices, mounts and file systems are imagined. It needs no root.
 * @param fileSystemsOf which file systems are on these devices
 */
export function makeFakeMachine(
  fileSystemsOf: (loops: FakeLoopDevices) => FakeFileSystems = () => new FakeFileSystems(),
) {
  // File systems are imagined and leave nothing in the images, so these are taken for written.
  const files = Object.assign(new LinuxImageFiles(), { hasData: () => Promise.resolve(true) })
  const loops = new FakeLoopDevices()
  const fileSystems = fileSystemsOf(loops)
  const deviceAt = (path: string) => ({ number: Number(/^\/dev\/loop(\d+)$/.exec(path)?.[1]), path })
  const mounts = new FakeMounts({
    used: (source) => {
      loops.hold(deviceAt(source))
    },
    unused: (source) => {
      loops.release(deviceAt(source))
    },
  })
  // One log, so that it shows the order.
  const copier = new WatchedCopier(mounts.log)
  const answers = { threads: 64, probe: () => Promise.resolve(), fileSystemId: () => Promise.resolve(1) }
  const openTracer = () => Promise.resolve(undefined)
  const unwrittenBytes = () => 0n
  return { files, loops, mounts, fileSystems, copier, answers, unwrittenBytes, openTracer }
}
