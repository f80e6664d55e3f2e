import { readFile, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { snapshotIdFor, volumeIdFor } from '../../../src/volumes/model/ids.ts'
import { fsTypes, type FsType } from '../../../src/volumes/model/ports/file-systems.ts'
import { describeRoot } from '../../root.ts'
import { at } from '../../support/at.ts'
import { TestNode, type Disk } from '../../support/driver.ts'
import { allocated, expectEqual } from '../../support/images.ts'
import { nothing } from '../../support/leftovers.ts'
import { refusal } from '../../support/refusal.ts'
import { snapshotIds, TestSnapshot } from '../../support/snapshot.ts'
import { blockCapability, GiB, MiB, mountCapability, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

const sizes: Record<FsType, number> = { ext4: 64 * MiB, xfs: 320 * MiB, btrfs: 256 * MiB }

const disks: [string, Disk | undefined][] = [
  ['that copies', undefined],
  ['that shares blocks', { type: 'xfs', bytes: 8 * GiB }],
]

describe.each(disks)('in a pool %s', (_, disk) => {
  describeRoot('a copy', () => {
    let node: TestNode

    beforeAll(async () => {
      node = await TestNode.make(disk)
      const config = join(node.path, 'config.yaml')
      await writeFile(config, 'pools: { default: {}, other: {} }')
      await node.start({ args: ['--config', config] })
    })

    afterAll(async () => {
      await using _cleared = node
      expect(await node.stop()).toEqual(nothing)
      for (const pool of ['default', 'other']) {
        expect(await node.files(pool)).toEqual([])
        expect(await node.files(pool, 'snapshots')).toEqual([])
      }
    })

    let names = 0
    const name = (): string => `data-${++names}`

    type Wishes = ConstructorParameters<typeof TestVolume>[2]
    const volumeOf = (fsType: FsType, wishes: Wishes = {}): TestVolume =>
      new TestVolume(node, name(), { capability: mountCapability(fsType), bytes: sizes[fsType], ...wishes })
    const noteOf = (volume: TestVolume): Promise<string> => readFile(join(volume.staging, 'note'), 'utf8')

    describe.each(fsTypes)('of a volume with %s', (fsType) => {
      it('is mounted beside its source, with its content', async () => {
        await using volume = await volumeOf(fsType).create()
        await volume.stage()
        await writeFile(join(volume.staging, 'note'), 'before')
        await using snapshot = await new TestSnapshot(node, name(), volume).create()
        await using clone = await volumeOf(fsType, { source: volume.asSource }).create()
        await writeFile(join(volume.staging, 'note'), 'after')
        await using restored = await volumeOf(fsType, { source: snapshot.asSource }).create()
        await using clonedAgain = await volumeOf(fsType, { source: clone.asSource }).create()
        for (const copy of [clone, restored, clonedAgain]) {
          await copy.stage()
          expect(await noteOf(copy)).toBe('before')
          await writeFile(join(copy.staging, 'note'), copy.name)
        }
        expect(await noteOf(volume)).toBe('after')
        expect(await noteOf(clone)).toBe(clone.name)
        // That it shares blocks now must not make it another kind of device.
        const [before] = await Promise.all((await volume.devices()).map(deviceOf))
        await volume.unstage()
        await volume.stage()
        expect(await noteOf(volume)).toBe('after')
        expect(await Promise.all((await volume.devices()).map(deviceOf))).toEqual([before])
      })

      it('of an unused volume can be larger, with its file system', async () => {
        await using volume = await volumeOf(fsType).create()
        await volume.stage()
        await writeFile(join(volume.staging, 'note'), 'kept')
        await volume.unstage()
        const bytes = 2 * sizes[fsType]
        await using snapshot = await new TestSnapshot(node, name(), volume).create()
        for (const { asSource: source } of [volume, snapshot]) {
          await using copy = await volumeOf(fsType, { source, bytes }).create()
          await copy.stage()
          expect(await noteOf(copy)).toBe('kept')
          const { blocks, bsize } = await statfs(copy.staging)
          expect(blocks * bsize).toBeGreaterThan(1.6 * sizes[fsType])
          expect((await stat(copy.image)).size).toBe(bytes)
        }
      })

      it('of one that was never formatted is formatted like it', async () => {
        await using volume = await volumeOf(fsType).create()
        await using copy = await volumeOf(fsType, { source: volume.asSource }).create()
        await copy.stage()
        expect(await tool('findmnt', '--noheadings', '--output', 'FSTYPE', copy.staging)).toBe(fsType)
      })
    })

    it('can be thick and in another pool', async () => {
      await using volume = await volumeOf('ext4').create()
      await volume.stage()
      await writeFile(join(volume.staging, 'note'), 'kept')
      await using snapshot = await new TestSnapshot(node, name(), volume).create()
      const parameters = { pool: 'other', provisioning: 'thick' }
      await using copy = await volumeOf('ext4', { source: snapshot.asSource, parameters }).create()
      expect(await allocated(copy.image)).toBeGreaterThanOrEqual(sizes.ext4)
      await copy.stage()
      expect(await noteOf(copy)).toBe('kept')
    })

    it('of a raw block volume is the same to the last byte, in use or not', async () => {
      const capability = blockCapability()
      await using volume = await new TestVolume(node, name(), { capability }).create()
      await volume.stage()
      const [device = ''] = await volume.devices()
      await tool('dd', 'if=/dev/urandom', `of=${device}`, 'bs=1M', 'count=8', 'conv=notrunc')
      await using snapshot = await new TestSnapshot(node, name(), volume).create()
      await expectEqual(snapshot.image, device)
      const source = snapshot.asSource
      await using copy = await new TestVolume(node, name(), { capability, source }).create()
      await copy.stage()
      const [copied = ''] = await copy.devices()
      await expectEqual(copied, device)
      await volume.unstage()
      await volume.stage()
      const [again = ''] = await volume.devices()
      for (const each of [copied, again]) expect(await deviceOf(each)).toMatch(/ 512$/)
    })

    it('of a volume that is staged read-only leaves it as it is', async () => {
      await using volume = await volumeOf('ext4').create()
      await volume.stage()
      await writeFile(join(volume.staging, 'note'), 'kept')
      await volume.unstage()
      await volume.stage(mountCapability('ext4', { mode: 'SINGLE_NODE_READER_ONLY' }))
      await using snapshot = await new TestSnapshot(node, name(), volume).create()
      await expectEqual(snapshot.image, volume.image)
      expect(await noteOf(volume)).toBe('kept')
    })

    it('does not depend on its source', async () => {
      const volume = await volumeOf('ext4').create()
      await volume.stage()
      await writeFile(join(volume.staging, 'note'), 'kept')
      await using snapshot = await new TestSnapshot(node, name(), volume).create()
      await volume[Symbol.asyncDispose]()
      await using copy = await volumeOf('ext4', { source: snapshot.asSource }).create()
      await snapshot.delete()
      await copy.stage()
      expect(await noteOf(copy)).toBe('kept')
    })

    it('returns its source, also in a repeated call', async () => {
      await using volume = await volumeOf('ext4').create()
      await using copy = await volumeOf('ext4', { source: volume.asSource }).create()
      for (let times = 0; times < 2; times++) {
        const answer = await node.client.controller.createVolume(copy.request)
        expect(answer.volume?.contentSource).toMatchObject({ volume: { volumeId: volume.id } })
      }
    })

    it('without a source is not found, and from another node is tried there', async () => {
      const missing = (snapshotId: string) =>
        volumeOf('ext4', { source: { snapshot: { snapshotId }, type: 'snapshot' } }).create()
      await expect(missing(snapshotIdFor(node.id, 'x'))).rejects.toMatchObject(
        refusal('NOT_FOUND', /snapshot/),
      )
      await expect(missing(snapshotIdFor('elsewhere', 'x'))).rejects.toMatchObject(
        refusal('RESOURCE_EXHAUSTED', /is on another node/),
      )
    })
  })
})

/** Direct I/O and the size of the sectors. */
async function deviceOf(device: string): Promise<string> {
  return tool('losetup', '--noheadings', '--output', 'DIO,LOG-SEC', device)
}

describeRoot('snapshots', () => {
  let node: TestNode
  let volumes: TestVolume[]
  let snapshots: TestSnapshot[]

  beforeAll(async () => {
    node = await TestNode.start()
    volumes = [await new TestVolume(node, 'a').create(), await new TestVolume(node, 'b').create()]
    snapshots = []
    for (const [index, volume] of [0, 1, 0, 1, 0].entries()) {
      snapshots.push(await new TestSnapshot(node, `s-${index}`, at(volumes, volume)).create())
    }
  })

  afterAll(async () => {
    await using _cleared = node
    for (const each of [...snapshots, ...volumes]) await each[Symbol.asyncDispose]()
    expect(await node.stop()).toEqual(nothing)
  })

  const idsOf = (...indexes: number[]): string[] => indexes.map((index) => snapshots[index]?.id ?? '').sort()
  const list = async (request: Record<string, string | number>) => {
    const { entries, nextToken } = await node.client.controller.listSnapshots(request)
    return { ids: entries.map(({ snapshot }) => snapshot?.snapshotId ?? ''), nextToken }
  }

  it.each([
    ['all', () => ({}), () => idsOf(0, 1, 2, 3, 4)],
    ['of one volume', () => ({ sourceVolumeId: volumes[1]?.id ?? '' }), () => idsOf(1, 3)],
    ['of one id', () => ({ snapshotId: idsOf(2)[0] ?? '' }), () => idsOf(2)],
    [
      'of one id and its volume',
      () => ({ snapshotId: idsOf(2)[0] ?? '', sourceVolumeId: volumes[0]?.id ?? '' }),
      () => idsOf(2),
    ],
    [
      'of one id and another volume',
      () => ({ snapshotId: idsOf(2)[0] ?? '', sourceVolumeId: volumes[1]?.id ?? '' }),
      () => [],
    ],
    ['of an unknown volume', () => ({ sourceVolumeId: volumeIdFor(node.id, 'x') }), () => []],
    ['of an unknown id', () => ({ snapshotId: '../..' }), () => []],
  ])('are listed: %s', async (_, request, ids) => {
    expect(await list(request())).toEqual({ ids: ids(), nextToken: '' })
  })

  it('are listed in pages, also with a filter', async () => {
    const all: string[] = []
    let startingToken = ''
    do {
      const { ids, nextToken } = await list({ maxEntries: 2, startingToken })
      expect(ids.length).toBeLessThanOrEqual(2)
      all.push(...ids)
      startingToken = nextToken
    } while (startingToken !== '')
    expect(all).toEqual(idsOf(0, 1, 2, 3, 4))
    const filtered = { sourceVolumeId: volumes[0]?.id ?? '', maxEntries: 2 }
    const first = await list(filtered)
    const second = await list({ ...filtered, startingToken: first.nextToken })
    expect([...first.ids, ...second.ids]).toEqual(idsOf(0, 2, 4))
    expect(second.nextToken).toBe('')
  })

  it('are reported one by one', async () => {
    const [snapshotId = ''] = idsOf(1)
    const { snapshot } = await node.client.controller.getSnapshot({ snapshotId })
    expect(snapshot).toMatchObject({
      snapshotId,
      sourceVolumeId: volumes[1]?.id,
      sizeBytes: `${32 * MiB}`,
      readyToUse: true,
      groupSnapshotId: '',
    })
    const { entries } = await node.client.controller.listSnapshots({ snapshotId })
    expect(entries).toEqual([{ snapshot }])
  })

  it('name the node that can restore them, in every response and for every requirement', async () => {
    const { accessibleTopology } = await node.client.node.nodeGetInfo({})
    const here = accessibleTopology ?? { segments: {} }
    expect(here.segments).not.toEqual({})
    const request = { name: 's-0', sourceVolumeId: at(volumes, 0).id }
    const requirements = [null, { requisite: [here], preferred: [here] }, { preferred: [here] }]
    for (const accessibilityRequirements of requirements) {
      const { snapshot } = await node.client.controller.createSnapshot({
        ...request,
        accessibilityRequirements,
      })
      expect(snapshot?.accessibleTopology).toEqual([here])
      expect(await node.client.controller.getSnapshot({ snapshotId: at(snapshots, 0).id })).toEqual({
        snapshot,
      })
    }
    const elsewhere = [{ segments: { 'topology.loop.csi.local/node': 'mars' } }]
    await expect(
      node.client.controller.createSnapshot({
        ...request,
        accessibilityRequirements: { requisite: elsewhere },
      }),
    ).rejects.toMatchObject(refusal('RESOURCE_EXHAUSTED', /accessibility_requirements/))
  })

  it('have the content of their point in time', async () => {
    const before = Date.now()
    await using snapshot = await new TestSnapshot(node, 'now', at(volumes, 0)).create()
    const answer = await node.client.controller.getSnapshot({ snapshotId: snapshot.id })
    const { seconds = 0, nanos = 0 } = answer.snapshot?.creationTime ?? {}
    const pointInTime = Number(seconds) * 1000 + nanos / 1e6
    expect(pointInTime).toBeGreaterThanOrEqual(before)
    expect(pointInTime).toBeLessThanOrEqual(Date.now())
  })

  it('have a name for one source, and one snapshot for a name', async () => {
    const { id } = await new TestSnapshot(node, 's-0', at(volumes, 0)).create()
    expect(id).toBe(snapshots[0]?.id)
    await expect(new TestSnapshot(node, 's-0', at(volumes, 1)).create()).rejects.toMatchObject(
      refusal('ALREADY_EXISTS', /name "s-0" is taken/),
    )
    expect(await snapshotIds(node)).toHaveLength(5)
  })

  it.each([
    ['no name', { name: '', sourceVolumeId: 'x' }, refusal('INVALID_ARGUMENT', /^name is required/)],
    ['no source', { name: 'x', sourceVolumeId: '' }, refusal('INVALID_ARGUMENT', /^source_volume_id is/)],
    ['an unknown source', { name: 'x', sourceVolumeId: 'x' }, refusal('NOT_FOUND', /volume "x"/)],
    [
      'an unknown parameter',
      { name: 'x', sourceVolumeId: 'x', parameters: { freeze: '1s' } },
      refusal('INVALID_ARGUMENT', /"freeze" is unknown; known are freezeTimeout/),
    ],
  ])('are refused with %s', async (_, request, refused) => {
    await expect(node.client.controller.createSnapshot(request)).rejects.toMatchObject(refused)
  })

  it('are deleted, also by a repeated call', async () => {
    const snapshot = await new TestSnapshot(node, 'gone', at(volumes, 0)).create()
    await snapshot.delete()
    await snapshot.delete()
    const get = node.client.controller.getSnapshot({ snapshotId: snapshot.id })
    await expect(get).rejects.toMatchObject(refusal('NOT_FOUND', /snapshot/))
    expect(await snapshotIds(node)).toEqual(idsOf(0, 1, 2, 3, 4))
  })

  it('exist after a restart', async () => {
    const { entries } = await node.client.controller.listSnapshots({})
    await node.crash()
    expect((await node.client.controller.listSnapshots({})).entries).toEqual(entries)
  })
})
