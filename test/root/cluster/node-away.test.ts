import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { nodeHashOf } from '../../../src/volumes/model/ids.ts'
import { describeRoot } from '../../root.ts'
import { TestCluster, type Member } from '../../support/cluster.ts'
import { nothing } from '../../support/leftovers.ts'
import { refusal } from '../../support/refusal.ts'
import { MiB, blockCapability } from '../../support/volume.ts'

describeRoot('a node that is unreachable', () => {
  let cluster: TestCluster
  let lost: Member
  let kept: Member

  beforeEach(async () => {
    cluster = await TestCluster.start(2)
    const [first, second] = cluster.members
    if (!first || !second) throw new Error('two nodes were started')
    lost = first
    kept = second
  })

  afterEach(async () => {
    await using _cleared = cluster
    await cluster.router.end('SIGTERM')
    for (const node of cluster.nodes) expect(await node.stop()).toEqual(nothing)
  })

  const create = async (name: string, member?: Member): Promise<string> => {
    const terms = member ? [{ segments: { 'topology.loop.csi.local/node': member.node.id } }] : []
    const request = {
      name,
      capacityRange: { requiredBytes: 4 * MiB },
      volumeCapabilities: [blockCapability()],
      accessibilityRequirements: { requisite: terms, preferred: terms },
    }
    return (await cluster.client.controller.createVolume(request)).volume?.volumeId ?? ''
  }

  it('is named, does not delay others, and is found again', async () => {
    const { controller } = cluster.client
    const volumeId = await create('lost', lost)
    const away = refusal('UNAVAILABLE', new RegExp(`node "${lost.node.id}" is unreachable`))
    await lost.node.driver.end('SIGKILL')

    await expect(controller.controllerGetVolume({ volumeId })).rejects.toMatchObject(away)
    await expect(controller.deleteVolume({ volumeId })).rejects.toMatchObject(away)
    await expect(create('more', lost)).rejects.toMatchObject(away)
    await expect(controller.listVolumes({})).rejects.toMatchObject(away)
    await expect(controller.listSnapshots({})).rejects.toMatchObject(away)
    await expect(controller.deleteVolume({ volumeId: 'fake' })).resolves.toEqual({})

    const there = await create('kept', kept)
    const anywhere = await create('anywhere')
    expect(
      (await kept.node.client.controller.listVolumes({})).entries.map(({ volume }) => volume?.volumeId),
    ).toEqual([there, anywhere].sort())
    expect((await controller.listSnapshots({ sourceVolumeId: there })).entries).toEqual([])
    expect(Number((await controller.getCapacity({})).availableCapacity)).toBeGreaterThan(0)

    await lost.node.start({ args: lost.args })
    await eventually(() => controller.deleteVolume({ volumeId }))
    expect((await controller.listVolumes({})).entries).toHaveLength(2)
  })

  it('that is connected but does not answer is skipped where others can answer', async () => {
    const { controller, groupController } = cluster.client
    const sourceVolumeId = await create('source', kept)
    const stuck = await create('stuck', lost)
    process.kill(lost.node.driver.pid, 'SIGSTOP')
    try {
      const { snapshot } = await controller.createSnapshot({ name: 'one', sourceVolumeId })
      expect(snapshot?.sourceVolumeId).toBe(sourceVolumeId)
      const group = { name: 'group', sourceVolumeIds: [sourceVolumeId] }
      expect((await groupController.createVolumeGroupSnapshot(group)).groupSnapshot?.snapshots).toHaveLength(
        1,
      )
      expect(nodeHashOf(await create('anywhere'))).toBe(nodeHashOf(sourceVolumeId))
      expect(Number((await controller.getCapacity({})).availableCapacity)).toBeGreaterThan(0)
      await expect(controller.deleteVolume({ volumeId: 'fake' })).resolves.toEqual({})
      const accessibleTopology = { segments: { 'topology.loop.csi.local/node': lost.node.id } }
      await expect(controller.getCapacity({ accessibleTopology })).rejects.toMatchObject(
        refusal('UNAVAILABLE', new RegExp(`node "${lost.node.id}" is unreachable`)),
      )
    } finally {
      process.kill(lost.node.driver.pid, 'SIGCONT')
    }
    await eventually(() => controller.deleteVolume({ volumeId: stuck }))
    expect(cluster.router.log).toContainEqual(
      expect.objectContaining({ node: lost.node.id, msg: 'a node does not answer, and is skipped' }),
    )
  })

  it('that does not answer does not keep callers waiting', async () => {
    await cluster.router.end('SIGTERM')
    process.kill(lost.node.driver.pid, 'SIGSTOP')
    await cluster.startRouter()
    const call = cluster.client.controller.listVolumes({})
    await expect(call).rejects.toMatchObject(
      refusal('UNAVAILABLE', new RegExp(`node "${lost.node.id}" is unreachable`)),
    )
    process.kill(lost.node.driver.pid, 'SIGCONT')
    await eventually(() => cluster.client.controller.listVolumes({}))
  })
})

/** What has to come about by itself, in a while that does not matter. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!String(error).includes('UNAVAILABLE')) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
