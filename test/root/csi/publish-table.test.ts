import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { VolumeCapabilityInit } from '../../../src/csi/generated/csi/v1/VolumeCapability.ts'
import { accessModes, type AccessMode } from '../../../src/volumes/model/volume.ts'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { nothing } from '../../support/leftovers.ts'
import { refusal } from '../../support/refusal.ts'
import { TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'

const accessTypes: [string, (mode: AccessMode) => VolumeCapabilityInit][] = [
  ['mount', (mode) => mountCapability('', { mode })],
  ['block', blockCapability],
]

interface Row {
  readonly pod: 'same' | 'other'
  readonly readonly: boolean
  readonly code: 'OK' | 'ALREADY_EXISTS' | 'FAILED_PRECONDITION'
}

/** CSI's table of the second publish, for a volume that is published at `same` for writing. */
const tableOf = (mode: AccessMode): Row[] => {
  const elsewhere = mode === 'SINGLE_NODE_MULTI_WRITER' ? 'OK' : 'FAILED_PRECONDITION'
  // A volume that no pod may write is published read-only, even without `readonly` in the request.
  const differently = mode === 'SINGLE_NODE_READER_ONLY' ? 'OK' : 'ALREADY_EXISTS'
  return [
    { pod: 'same', readonly: false, code: 'OK' },
    { pod: 'same', readonly: true, code: differently },
    { pod: 'other', readonly: false, code: elsewhere },
    { pod: 'other', readonly: true, code: elsewhere },
  ]
}

describeRoot('the second NodePublishVolume', () => {
  let node: TestNode

  beforeAll(async () => {
    node = await TestNode.start()
  })

  afterAll(async () => {
    await using _cleared = node
    expect(await node.stop()).toEqual(nothing)
  })

  describe.each(accessTypes)('of a %s volume', (type, capabilityOf) => {
    describe.each([...accessModes])('with %s', (mode) => {
      let volume: TestVolume

      beforeEach(async () => {
        const capability = capabilityOf(mode)
        volume = await new TestVolume(node, `${type}-${mode}`, { capability }).create()
        if (type === 'mount') {
          // A volume for readers must first be formatted by a writer.
          await volume.stage(mountCapability())
          await volume.unstage()
        }
        await volume.stage()
        await volume.publish('same')
      })

      afterEach(async () => {
        await volume[Symbol.asyncDispose]()
      })

      it.each(tableOf(mode))('at the $pod target, readonly=$readonly: $code', async (row) => {
        const second = volume.publish(row.pod, row)
        if (row.code === 'OK') await second
        else await expect(second).rejects.toMatchObject(refusal(row.code, new RegExp(volume.target('same'))))
        const targets = row.code === 'OK' && row.pod === 'other' ? ['other', 'same'] : ['same']
        expect(await targetsOf(volume)).toEqual(targets.map((pod) => volume.target(pod)))
      })
    })

    it('with a mode of one writer is refused while many may write', async () => {
      const shared = capabilityOf('SINGLE_NODE_MULTI_WRITER')
      await using volume = await new TestVolume(node, `${type}-mixed`, { capability: shared }).create()
      await volume.stage()
      await volume.publish('a')
      await volume.publish('b')
      const alone = volume.publish('c', { capability: capabilityOf('SINGLE_NODE_SINGLE_WRITER') })
      await expect(alone).rejects.toMatchObject(refusal('FAILED_PRECONDITION', /SINGLE_NODE_SINGLE_WRITER/))
    })

    it('is free again after the first was undone', async () => {
      const capability = capabilityOf('SINGLE_NODE_SINGLE_WRITER')
      await using volume = await new TestVolume(node, `${type}-moved`, { capability }).create()
      await volume.stage()
      await volume.publish('first')
      await volume.unpublish('first')
      await volume.publish('second')
      expect(await targetsOf(volume)).toEqual([volume.target('second')])
    })
  })

  async function targetsOf(volume: TestVolume): Promise<string[]> {
    const { mounts } = await node.left()
    const targets = mounts.map((line) => line.split(' ')[0] ?? '')
    const isTarget = (path: string): boolean => path.startsWith(volume.target('')) && path !== volume.staging
    return targets.filter(isTarget).sort()
  }
})
