import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { refusal } from '../../support/refusal.ts'
import { MiB, TestVolume } from '../../support/volume.ts'

describeRoot('a call for the metadata of snapshots', () => {
  let node: TestNode
  let ids: string[]

  beforeAll(async () => {
    node = await TestNode.start()
    ids = []
    for (const name of ['one', 'other']) {
      const { id } = await new TestVolume(node, name).create()
      const { snapshot } = await node.client.controller.createSnapshot({ name, sourceVolumeId: id })
      ids.push(snapshot?.snapshotId ?? '')
    }
  })

  afterAll(() => node[Symbol.asyncDispose]())

  const size = 32 * MiB
  it.each([
    ['no snapshot', {}, 'INVALID_ARGUMENT', /snapshot_id is required/],
    ['an unknown snapshot', { snapshotId: 'moon' }, 'NOT_FOUND', /snapshot "moon"/],
    ['an offset below zero', { snapshotId: 0, startingOffset: -1 }, 'OUT_OF_RANGE', /starting_offset -1/],
    ['an offset behind the end', { snapshotId: 0, startingOffset: size + 1 }, 'OUT_OF_RANGE', /33554433/],
    ['results below zero', { snapshotId: 0, maxResults: -1 }, 'INVALID_ARGUMENT', /max_results -1/],
    ['no base', { targetSnapshotId: 0 }, 'INVALID_ARGUMENT', /base_snapshot_id is required/],
    ['no target', { baseSnapshotId: 0 }, 'INVALID_ARGUMENT', /target_snapshot_id is required/],
    ['an unknown base', { baseSnapshotId: 'moon', targetSnapshotId: 0 }, 'NOT_FOUND', /"moon"/],
    ['an unknown target', { baseSnapshotId: 0, targetSnapshotId: 'moon' }, 'NOT_FOUND', /"moon"/],
    [
      'snapshots of two volumes',
      { baseSnapshotId: 0, targetSnapshotId: 1 },
      'INVALID_ARGUMENT',
      /base_snapshot_id .* target_snapshot_id .* one volume/,
    ],
  ] as const)('is refused for %s', async (_what, wishes, code, message) => {
    const request = Object.fromEntries(
      Object.entries(wishes).map(([key, value]) => [
        key,
        key.endsWith('Id') && typeof value === 'number' ? ids[value] : value,
      ]),
    )
    const { snapshotMetadata } = node.client
    const call =
      'baseSnapshotId' in wishes || 'targetSnapshotId' in wishes
        ? snapshotMetadata.getMetadataDelta(request)
        : snapshotMetadata.getMetadataAllocated(request)
    await expect(call.next()).rejects.toMatchObject(refusal(code, message))
  })

  it('from the very end returns only the size of the snapshot', async () => {
    const call = node.client.snapshotMetadata.getMetadataAllocated({
      snapshotId: ids[0] ?? '',
      startingOffset: size,
    })
    expect(await call.next()).toMatchObject({
      value: { blockMetadataType: 'VARIABLE_LENGTH', volumeCapacityBytes: `${size}`, blockMetadata: [] },
    })
    expect((await call.next()).done).toBe(true)
  })
})
