import { beforeEach, describe, expect, it } from '@jest/globals'
import type { LoopState } from '../../../../src/volumes/model/ports/loop-devices.ts'
import type { Volume } from '../../../../src/volumes/model/volume.ts'
import { openWriters, VolumeState } from '../../../../src/volumes/state/volume-state.ts'
import { attachedAs, mountedAt } from '../facts.ts'

describe('VolumeState', () => {
  const own = attachedAs(3, { autoclear: false })
  const above = attachedAs(4, { autoclear: false })
  let reads: string[]

  const stateOf = (attached: LoopState | undefined): VolumeState =>
    new VolumeState({ id: 'v' } as Volume, '/pool/v/disk.img', {
      findDevice: (image) => {
        reads.push(`device of ${image}`)
        return Promise.resolve(attached)
      },
      findDevicesAbove: ({ device }) => {
        reads.push(`devices above ${device.path}`)
        return Promise.resolve([above])
      },
      listMounts: () => {
        reads.push('mounts')
        return Promise.resolve([mountedAt('/target', 4), mountedAt('/other', 5)])
      },
    })

  beforeEach(() => {
    reads = []
  })

  it('reads only the own device for its attachment', async () => {
    const state = stateOf(own)
    expect(await state.attachment()).toBe('raw')
    expect(await state.device()).toBe(own)
    expect(reads).toEqual(['device of /pool/v/disk.img'])
  })

  it('reads each thing once', async () => {
    const state = stateOf(own)
    const read = async () => [await state.devices(), (await state.mounts()).map(({ target }) => target)]
    expect(await read()).toEqual([[own, above], ['/target']])
    expect(await read()).toEqual([[own, above], ['/target']])
    expect(reads).toEqual(['device of /pool/v/disk.img', 'devices above /dev/loop3', 'mounts'])
  })

  it('has neither other devices nor mounts when it is detached', async () => {
    const state = stateOf(undefined)
    expect([await state.devices(), await state.mounts()]).toEqual([[], []])
    expect(await state.attachment()).toBe('none')
    expect(reads).toEqual(['device of /pool/v/disk.img'])
  })

  it('opens the file system of a device only under the name that it was found with', async () => {
    const asked: unknown[] = []
    const openFileSystem = (...values: unknown[]): Promise<undefined> => {
      asked.push(values)
      return Promise.resolve(undefined)
    }
    await openWriters({ openFileSystem }, stateOf(own), true)
    expect(asked).toEqual([[own.device, own.name]])
  })
})
