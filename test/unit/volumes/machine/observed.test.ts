import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { observed, type ObservedPorts } from '../../../../src/volumes/machine/observed.ts'
import { FakeFileSystems } from '../../../fakes/filesystems.ts'
import { WatchedCopier } from '../../../fakes/image-copier.ts'
import { FakeLoopDevices } from '../../../fakes/loop-devices.ts'
import { FakeMounts } from '../../../fakes/mounts.ts'
import { RecordingObserver } from '../../../fakes/observer.ts'
import { Scratch } from '../../../scratch.ts'
import { MiB, never } from '../world.ts'

describe('observed', () => {
  let scratch: Scratch
  let image: string
  let observer: RecordingObserver
  let machine: ObservedPorts

  beforeEach(async () => {
    scratch = await Scratch.make()
    image = join(scratch.path, 'image')
    await writeFile(image, '')
    await truncate(image, 4096)
    observer = new RecordingObserver()
    const fileSystems = new FakeFileSystems()
    fileSystems.setSize('/dev/loop0', 16n * MiB)
    const copier = new WatchedCopier([])
    machine = observed(
      { loops: new FakeLoopDevices(), mounts: new FakeMounts(), fileSystems, copier },
      observer,
    )
  })

  afterEach(() => scratch[Symbol.asyncDispose]())

  const options = { name: 'v', readOnly: false, autoclear: true, directIo: 'auto', sectorBytes: 512 } as const

  it('reports steps, and returns what the port returns', async () => {
    const { copier, fileSystems, loops, mounts } = machine
    await using attachment = await loops.attach(image, options, never)
    expect(attachment.device).toEqual({ number: 0, path: '/dev/loop0' })
    await fileSystems.format('ext4', '/dev/loop0', [], never)
    await fileSystems.check('ext4', '/dev/loop0', never)
    await mounts.mount({ source: '/dev/loop0', target: scratch.path, fsType: 'ext4', options: [] })
    await (await mounts.openFileSystem(attachment.device))?.flush()
    await mounts.unmount(scratch.path)
    await copier.copy(image, `${image}-copy`, () => undefined, never)
    expect(observer.steps).toEqual(['attach', 'mkfs', 'fsck', 'mount', 'flush', 'unmount', 'copy'])
  })

  it('does not report steps that take no time', async () => {
    expect(await machine.loops.find(image)).toBeUndefined()
    expect(await machine.mounts.list()).toHaveLength(1)
    expect(machine.fileSystems.minimumBytes('xfs')).toBeGreaterThan(0n)
    expect(observer.steps).toEqual([])
  })

  it('passes on what a step throws', async () => {
    const attached = machine.loops.attach(`${image}-missing`, options, never)
    await expect(attached).rejects.toMatchObject({ code: 'ENOENT' })
    expect(observer.failed).toEqual(['attach'])
  })
})
