import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { CreateVolumeRequestInit } from '../../../src/csi/generated/csi/v1/CreateVolumeRequest.ts'
import { nodeHash } from '../../../src/volumes/model/ids.ts'
import { describeRoot } from '../../root.ts'
import { TestCluster } from '../../support/cluster.ts'
import { runMain, type DriverProcess, type LogLine, type TestNode } from '../../support/driver.ts'
import { nothing } from '../../support/leftovers.ts'
import { refusal } from '../../support/refusal.ts'
import { MiB, blockCapability } from '../../support/volume.ts'

describeRoot('the controller role before two nodes', () => {
  let cluster: TestCluster
  let here: TestNode
  let there: TestNode

  beforeAll(async () => {
    cluster = await TestCluster.start(2)
    const [first, second] = cluster.nodes
    if (!first || !second) throw new Error('two nodes were started')
    here = first
    there = second
  })

  afterAll(async () => {
    await using _cleared = cluster
    expect(await cluster.router.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
    for (const node of cluster.nodes) expect(await node.stop()).toEqual(nothing)
  })

  const on = (...nodes: TestNode[]) => ({
    requisite: nodes.map(({ id }) => ({ segments: { 'topology.loop.csi.local/node': id } })),
    preferred: nodes.map(({ id }) => ({ segments: { 'topology.loop.csi.local/node': id } })),
  })

  const create = async (name: string, wishes: CreateVolumeRequestInit = {}): Promise<string> => {
    const { volume } = await cluster.client.controller.createVolume({
      name,
      capacityRange: { requiredBytes: 4 * MiB },
      volumeCapabilities: [blockCapability()],
      ...wishes,
    })
    return volume?.volumeId ?? ''
  }

  const idsOn = async (node: TestNode): Promise<string[]> => {
    const { entries } = await node.client.controller.listVolumes({})
    return entries.map(({ volume }) => volume?.volumeId ?? '')
  }

  const clear = async (): Promise<void> => {
    const { controller } = cluster.client
    for (const { snapshot } of (await controller.listSnapshots({})).entries) {
      if (snapshot?.groupSnapshotId === '')
        await controller.deleteSnapshot({ snapshotId: snapshot.snapshotId })
    }
    for (const { volume } of (await controller.listVolumes({})).entries)
      await controller.deleteVolume({ volumeId: volume?.volumeId ?? '' })
  }

  it('is the same driver, and can do the same', async () => {
    const { controller, groupController, identity, node } = cluster.client
    expect(await identity.getPluginInfo({})).toEqual(await here.client.identity.getPluginInfo({}))
    expect(await identity.getPluginCapabilities({})).toEqual(
      await here.client.identity.getPluginCapabilities({}),
    )
    expect(await identity.probe({})).toEqual({ ready: { value: true } })
    expect(await controller.controllerGetCapabilities({})).toEqual(
      await here.client.controller.controllerGetCapabilities({}),
    )
    expect(await groupController.groupControllerGetCapabilities({})).toEqual(
      await here.client.groupController.groupControllerGetCapabilities({}),
    )
    expect(await node.nodeGetCapabilities({})).toEqual(await here.client.node.nodeGetCapabilities({}))
    await expect(node.nodeGetInfo({})).rejects.toMatchObject(refusal('UNIMPLEMENTED', /./))
  })

  it.each(['--delete-orphans', '--release-lost-nodes'])(
    'refuses %s where there is no Kubernetes',
    async (flag) => {
      const nodes = ['--nodes', `${here.id}=127.0.0.1:1`, '--tls-dir', cluster.directory('tls-controller')]
      const { code, stderr } = await runMain(
        'controller',
        '--endpoint',
        'unix:///tmp/never.sock',
        ...nodes,
        flag,
      )
      expect(code).toBe(1)
      expect(stderr).toMatch(/need --service/)
    },
  )

  it('creates, finds, grows and deletes volumes in their pools', async () => {
    const { controller } = cluster.client
    const ids = [
      await create('one', { accessibilityRequirements: on(here) }),
      await create('two', { accessibilityRequirements: on(there) }),
    ]
    expect(await idsOn(here)).toEqual(ids.slice(0, 1))
    expect(await idsOn(there)).toEqual(ids.slice(1))
    for (const volumeId of ids) {
      expect((await controller.controllerGetVolume({ volumeId })).volume?.volumeId).toBe(volumeId)
      const grown = await controller.controllerExpandVolume({
        volumeId,
        capacityRange: { requiredBytes: 8 * MiB },
      })
      expect(grown.capacityBytes).toBe(`${8 * MiB}`)
      await controller.controllerModifyVolume({ volumeId, mutableParameters: { directIO: 'off' } })
      await controller.deleteVolume({ volumeId })
      await controller.deleteVolume({ volumeId })
    }
    expect(await idsOn(here)).toEqual([])
    expect(await idsOn(there)).toEqual([])
  })

  it('has the same id for a request in its log as the node that it calls', async () => {
    const volume = await create('traced', { accessibilityRequirements: on(there) })
    const lineOf = async ({ log }: DriverProcess): Promise<LogLine> => {
      for (;;) {
        const line = log.find(({ method, volume: id }) => method === 'DeleteVolume' && id === volume)
        if (line) return line
        await setImmediate()
      }
    }
    await cluster.client.controller.deleteVolume({ volumeId: volume })
    const line = await lineOf(cluster.router)
    expect(line).toMatchObject({
      level: 'info',
      code: 'OK',
      durationMs: expect.any(Number),
      requestId: expect.any(String),
    })
    expect(await lineOf(there.driver)).toMatchObject({ requestId: line['requestId'] })
  })

  it('lists the objects of all nodes, page by page', async () => {
    const ids = await Promise.all(
      Array.from({ length: 9 }, (_, i) =>
        create(`listed-${i}`, { accessibilityRequirements: on(i % 2 ? here : there) }),
      ),
    )
    const listed: string[] = []
    let startingToken = ''
    do {
      const page = await cluster.client.controller.listVolumes({ maxEntries: 2, startingToken })
      listed.push(...page.entries.map(({ volume }) => volume?.volumeId ?? ''))
      startingToken = page.nextToken
    } while (startingToken !== '')
    expect(listed).toEqual(ids.sort())
    await clear()
  })

  it('knows the capacity of each node, and of all', async () => {
    const { controller } = cluster.client
    const roomOn = async (accessibleTopology: { segments: Record<string, string> } | null) =>
      Number((await controller.getCapacity({ accessibleTopology })).availableCapacity)
    const [one] = on(here).requisite
    expect(await roomOn(one ?? null)).toBeGreaterThan(0)
    expect(await roomOn({ segments: { 'topology.loop.csi.local/node': 'elsewhere' } })).toBe(0)
    expect(await roomOn(null)).toBeGreaterThan(await roomOn(one ?? null))
  })

  it('takes snapshots, and restores them only on their node', async () => {
    const { controller } = cluster.client
    const sourceVolumeId = await create('source', { accessibilityRequirements: on(there) })
    const { snapshot } = await controller.createSnapshot({ name: 'cut', sourceVolumeId })
    const snapshotId = snapshot?.snapshotId ?? ''
    expect((await controller.getSnapshot({ snapshotId })).snapshot?.sourceVolumeId).toBe(sourceVolumeId)
    expect((await controller.listSnapshots({ sourceVolumeId })).entries).toHaveLength(1)
    expect((await controller.listSnapshots({ snapshotId: 'fake' })).entries).toEqual([])

    const volumeContentSource = { snapshot: { snapshotId }, type: 'snapshot' } as const
    const wrong = create('restored', { volumeContentSource, accessibilityRequirements: on(here) })
    await expect(wrong).rejects.toMatchObject(
      refusal('RESOURCE_EXHAUSTED', new RegExp(`on node "${there.id}"`)),
    )
    const restored = await create('restored', { volumeContentSource })
    expect(restored.startsWith(nodeHash(there.id))).toBe(true)

    const other = await create('other', { accessibilityRequirements: on(here) })
    await expect(controller.createSnapshot({ name: 'cut', sourceVolumeId: other })).rejects.toMatchObject(
      refusal('ALREADY_EXISTS', new RegExp(`on node "${there.id}"`)),
    )
    await clear()
  })

  it('lists which blocks of a snapshot hold data', async () => {
    const sourceVolumeId = await create('mapped', { accessibilityRequirements: on(there) })
    const { snapshot } = await cluster.client.controller.createSnapshot({ name: 'map', sourceVolumeId })
    const request = { snapshotId: snapshot?.snapshotId ?? '' }
    const blocks = await all(cluster.client.snapshotMetadata.getMetadataAllocated(request))
    expect(blocks).toEqual(await all(there.client.snapshotMetadata.getMetadataAllocated(request)))
    const unknown = cluster.client.snapshotMetadata.getMetadataAllocated({ snapshotId: 'fake' })
    await expect(all(unknown)).rejects.toMatchObject(refusal('NOT_FOUND', /fake/))
    await clear()
  })

  it('takes group snapshots on one node, and refuses others with the reason', async () => {
    const { groupController } = cluster.client
    const a = await create('a', { accessibilityRequirements: on(here) })
    const b = await create('b', { accessibilityRequirements: on(here) })
    const c = await create('c', { accessibilityRequirements: on(there) })
    const across = groupController.createVolumeGroupSnapshot({ name: 'group', sourceVolumeIds: [a, c] })
    await expect(across).rejects.toMatchObject(refusal('FAILED_PRECONDITION', /one point in time/))
    const { groupSnapshot } = await groupController.createVolumeGroupSnapshot({
      name: 'group',
      sourceVolumeIds: [a, b],
    })
    const groupSnapshotId = groupSnapshot?.groupSnapshotId ?? ''
    const snapshotIds = groupSnapshot?.snapshots.map(({ snapshotId }) => snapshotId) ?? []
    expect(await groupController.getVolumeGroupSnapshot({ groupSnapshotId, snapshotIds })).toEqual({
      groupSnapshot,
    })
    const elsewhere = groupController.createVolumeGroupSnapshot({ name: 'group', sourceVolumeIds: [c] })
    await expect(elsewhere).rejects.toMatchObject(
      refusal('ALREADY_EXISTS', new RegExp(`on node "${here.id}"`)),
    )
    await groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds })
    await clear()
  })

  it("passes on a node's refusal unchanged", async () => {
    const { controller } = cluster.client
    const call = (client: typeof cluster.client) =>
      client.controller.createVolume({
        name: 'x',
        volumeCapabilities: [blockCapability()],
        parameters: { colour: 'red' },
        accessibilityRequirements: on(here),
      })
    const direct = await call(here.client).catch((error: unknown) => error)
    await expect(call(cluster.client)).rejects.toMatchObject({
      code: (direct as { code: number }).code,
      details: (direct as { details: string }).details,
    })
    await expect(controller.deleteVolume({ volumeId: '' })).rejects.toMatchObject(
      refusal('INVALID_ARGUMENT', /volume_id/),
    )
    await expect(controller.deleteVolume({ volumeId: 'fake' })).resolves.toEqual({})
    await expect(controller.controllerGetVolume({ volumeId: 'fake' })).rejects.toMatchObject(
      refusal('NOT_FOUND', /fake/),
    )
    await expect(controller.listVolumes({ startingToken: 'invalid' })).rejects.toMatchObject(
      refusal('ABORTED', /invalid/),
    )
  })

  it('does not report a volume of an unknown node as deleted', async () => {
    const volumeId = `${nodeHash('w9')}-${'0'.repeat(32)}`
    const call = cluster.client.controller.deleteVolume({ volumeId })
    await expect(call).rejects.toMatchObject(refusal('UNAVAILABLE', /not in the cluster now/))
  })

  it('creates each volume once, although it is killed meanwhile and all calls are repeated', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `killed-${index}`)
    const calls = names.map((name) => create(name))
    const settled = Promise.allSettled(calls)
    // All answers may arrive at once, so waiting for the first one is too late.
    while ((await Promise.all([here.files(), there.files()])).flat().length === 0) await setImmediate()
    await cluster.router.end('SIGKILL')
    const outcomes = (await settled).map(({ status }) => status)
    await cluster.startRouter()
    const ids = await Promise.all(names.map((name) => create(name)))
    expect(outcomes).toContain('rejected')
    expect([...(await idsOn(here)), ...(await idsOn(there))].sort()).toEqual(ids.sort())
    await clear()
  })
})

async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const message of messages) found.push(message)
  return found
}
