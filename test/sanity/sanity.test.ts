import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { MiB, TestVolume, blockCapability, mountCapability } from '../support/volume.ts'
import { serveFakeNode, type FakeNode } from './fake-node.ts'

/** .ci/sanity says why it skips this one. */
const skipped = 'should succeed when creating a snapshot with accessibility requirements'

const csiSanity = execFileSync('bash', ['.ci/csi-sanity', '--installed'], { encoding: 'utf8' }).trim()

describe('the driver on the fakes', () => {
  let node: FakeNode

  beforeAll(async () => {
    node = await serveFakeNode()
  })

  afterAll(async () => {
    await node[Symbol.asyncDispose]()
  })

  const capabilities = { mount: mountCapability(), block: blockCapability() }

  it.each(['mount', 'block'] as const)('serves the life cycle of a %s volume', async (type) => {
    const volume = await new TestVolume(node, type, { capability: capabilities[type] }).create()
    const { id: volumeId } = volume
    const { controller, node: service } = node.client
    await volume.stage()
    const volumePath = await volume.publish()
    await volume.publish()
    await volume.expand(64 * MiB, volumePath)
    const { usage } = await service.nodeGetVolumeStats({ volumeId, volumePath })
    expect(usage.map(({ unit }) => unit)).toEqual(type === 'mount' ? ['BYTES', 'INODES'] : ['BYTES'])
    const { snapshot } = await controller.createSnapshot({ name: `of-${type}`, sourceVolumeId: volumeId })
    const { snapshotId = '' } = snapshot ?? {}
    const source = { snapshot: { snapshotId }, type: 'snapshot' } as const
    const wishes = { capability: capabilities[type], bytes: 64 * MiB, source }
    const restored = await new TestVolume(node, `${type}-restored`, wishes).create()
    await volume.unpublish()
    await volume.unstage()
    await volume.delete()
    await restored.delete()
    await controller.deleteSnapshot({ snapshotId })
    expect((await controller.listVolumes({})).entries).toEqual([])
    expect((await controller.listSnapshots({})).entries).toEqual([])
  })

  const missing = csiSanity === '' ? ' (csi-sanity is missing: `bash .ci/csi-sanity` builds it)' : ''
  const test = missing === '' ? it : it.skip

  test.each(['mount', 'block'])(`passes csi-sanity with %s volumes${missing}`, async (type) => {
    const directory = await node.directory(`sanity-${type}`)
    const flags = [
      ...['-csi.endpoint', node.endpoint],
      ...['-csi.mountdir', join(directory, 'mnt'), '-csi.stagingdir', join(directory, 'stg')],
      ...['-csi.testvolumeaccesstype', type],
      ...['-ginkgo.no-color', '-ginkgo.skip', skipped],
    ]
    const run = spawn(csiSanity, flags, { stdio: ['ignore', 'pipe', 'ignore'] })
    const closed = once(run, 'close')
    const output = await text(run.stdout)
    await closed
    expect(output).toMatch(/^Ran [1-9]\d* of \d+ Specs/m)
    expect(run.exitCode === 0 ? '' : output).toBe('')
    for (const kind of ['volumes', 'snapshots']) {
      const left = await readdir(join(node.path, 'pools', 'default', kind))
      expect(left.filter((entry) => !entry.startsWith('.'))).toEqual([])
    }
  })
})
