import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { LinuxImageFiles } from '../../../../../src/linux/images/image-files.ts'
import { gatedPorts } from '../../../../../src/volumes/pool/gate/gated-ports.ts'
import { Gates } from '../../../../../src/volumes/pool/gate/gates.ts'
import { FakeFileSystems } from '../../../../fakes/filesystems.ts'
import { WatchedCopier } from '../../../../fakes/image-copier.ts'
import { FakeLoopDevices } from '../../../../fakes/loop-devices.ts'
import { FakeMounts } from '../../../../fakes/mounts.ts'
import { never, noLimits } from '../../world.ts'

it('stops freeing blocks in a pool that does not answer, and waits for the running call', async () => {
  const hung = Promise.withResolvers<undefined>()
  const told = Promise.withResolvers<AbortSignal>()
  const files = Object.assign(new LinuxImageFiles(), {
    deallocate: (_path: string, signal: AbortSignal) => {
      told.resolve(signal)
      return hung.promise
    },
  })
  const gates = new Gates([{ name: 'slow', path: '/slow', limits: noLimits }], {
    threads: 64,
    patienceMs: 20,
    probe: () => hung.promise,
    fileSystemId: () => Promise.resolve(1),
  })
  const fakes = { loops: new FakeLoopDevices(), mounts: new FakeMounts(), fileSystems: new FakeFileSystems() }
  const gated = gatedPorts({ files, copier: new WatchedCopier([]), ...fakes }, gates).files
  const ended = gated.deallocate('/slow/disk.img', never).catch((error: unknown) => error)
  await once(await told.promise, 'abort')
  expect(await Promise.race([ended, setTimeout(50, 'under way')])).toBe('under way')
  hung.resolve(undefined)
  expect(await ended).toMatchObject({ reason: 'PoolNotAnswering' })
})
