import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { LinuxFileSystems } from '../../../../src/linux/filesystems/index.ts'
import { Gate } from '../../../../src/volumes/pool/gate/gate.ts'
import { makeSparse } from '../../../support/images.ts'

it('reads the start of a device in turns, so that a disk that hangs takes no more threads than its pool has', async () => {
  await using held = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'csi-loop-'))
  held.defer(() => rm(directory, { recursive: true }))
  const image = join(directory, 'image')
  await makeSparse(image, 1 << 20)
  const gate = new Gate({ pool: 'pool', path: directory, width: 1 })
  const hung = Promise.withResolvers<undefined>()
  const first = gate.run(() => hung.promise)
  let isRead = false
  const reading = gate.within(async () => {
    expect(await new LinuxFileSystems().identify(image)).toBeUndefined()
    isRead = true
  })
  // On a thread, as the reading would be.
  await makeSparse(join(directory, 'other'), 1 << 20)
  expect(isRead).toBe(false)
  hung.resolve(undefined)
  await Promise.all([first, reading])
})
