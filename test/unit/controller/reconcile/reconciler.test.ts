import { beforeEach, describe, expect, it } from '@jest/globals'
import type { Notice } from '../../../../src/controller/cluster-ports.ts'
import type { NodeDirectory } from '../../../../src/controller/directory.ts'
import { Reconciler, type ReconcilerConfig } from '../../../../src/controller/reconcile/reconciler.ts'
import type { Validity } from '../../../../src/csi/certificates.ts'
import { never } from '../../../../src/volumes/concurrency/deadlines.ts'
import { snapshotIdFor, volumeIdFor } from '../../../../src/volumes/model/ids.ts'
import { FakeOrchestrator } from '../../../fakes/orchestrator.ts'
import { at } from '../../../support/at.ts'
import { silent } from '../../volumes/world.ts'
import { clusterOf, type FakeNode } from '../fake-cluster.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const pod = { kind: 'Pod', namespace: 'loop', name: 'controller-1', uid: 'u1' } as const

/** A certificate for a year that is over so many days from now. */
function expiringIn(days: number): Validity {
  const notAfter = new Date(Date.now() + days * DAY)
  const notBefore = new Date(notAfter.getTime() - 365 * DAY)
  return { what: 'certificate tls.crt', subject: 'CN=x', notBefore, notAfter }
}

describe('Reconciler', () => {
  let nodes: NodeDirectory
  let one: FakeNode
  let two: FakeNode
  let orchestrator: FakeOrchestrator
  let told: Notice[]
  let leads: boolean
  let certificates: Validity[]
  let now: number
  let reconciler: Reconciler

  beforeEach(() => {
    const cluster = clusterOf('n1', 'n2')
    nodes = cluster.nodes
    one = at(cluster.fakes, 0)
    two = at(cluster.fakes, 1)
    orchestrator = new FakeOrchestrator()
    orchestrator.nodes = new Set(['n1', 'n2'])
    leads = true
    certificates = []
    now = 0
    begin()
  })

  function begin(config: Partial<ReconcilerConfig> = {}): void {
    told = []
    reconciler = new Reconciler(
      { deleteOrphans: false, releaseLostNodes: false, graceMs: 60 * MINUTE, ...config },
      {
        nodes,
        orchestrator,
        report: (notice) => told.push(notice),
        self: { about: pod, validities: () => certificates },
        isLeader: () => leads,
        log: silent,
        now: () => now,
      },
    )
  }

  /** Rounds at these minutes. */
  async function rounds(...minutes: number[]): Promise<void> {
    for (const minute of minutes) {
      now = minute * MINUTE
      await reconciler.round(never)
    }
  }

  const have = (node: FakeNode, ...names: string[]): string[] => {
    const ids = names.map((name) => volumeIdFor(node.name, name))
    for (const id of ids) node.volumes.add(id)
    return ids
  }

  /** Volumes with their PersistentVolumes. */
  const bound = (node: FakeNode, ...names: string[]): string[] =>
    names.map((name) => {
      const [id = ''] = have(node, name)
      orchestrator.bind(name, id, node.name)
      return id
    })

  const reasons = (): string[] => told.map(({ about, reason }) => `${about.kind} ${about.name}: ${reason}`)
  const orphans = (): string[] => reconciler.findings?.orphanedVolumes.map(({ volumeId }) => volumeId) ?? []

  it('finds nothing on a healthy machine', async () => {
    bound(one, 'a', 'b', 'c')
    bound(two, 'd')
    await rounds(0, 60)
    expect(told).toEqual([])
    expect(reconciler.findings).toEqual({
      orphanedVolumes: [],
      volumesOfLostNodes: [],
      deletedOrphans: 0,
      releasedClaims: 0,
    })
  })

  describe('orphans', () => {
    it('are reported per node when they are too old to be new', async () => {
      bound(one, 'a')
      const [b = '', c = ''] = have(one, 'b', 'c')
      await rounds(0, 9)
      expect(told).toEqual([])
      await rounds(10)
      expect(orphans().sort()).toEqual([b, c].sort())
      expect(reasons()).toEqual(['Node n1: OrphanedVolumes'])
      expect(at(told, 0).message).toContain([b, c].sort().join(', '))
      expect(one.volumes.size).toBe(3)
    })

    it('are not read from a node that sends an endless list', async () => {
      have(one, 'a')
      const [b = ''] = have(two, 'b')
      one.repeats = 100
      await rounds(0, 10)
      expect(orphans()).toEqual([b])
      expect(one.repeats).toBeGreaterThan(0)
    })

    it('are no longer orphaned when a PersistentVolume is created', async () => {
      const [id = ''] = have(one, 'a')
      await rounds(0, 10)
      orchestrator.bind('a', id, 'n1')
      await rounds(11)
      expect(orphans()).toEqual([])
    })

    it('are deleted after the grace, if that is configured', async () => {
      bound(one, 'a')
      have(one, 'b')
      begin({ deleteOrphans: true })
      await rounds(0, 30, 59)
      expect(one.calls).not.toContain('deleteVolume')
      await rounds(60)
      expect(one.calls.filter((call) => call === 'deleteVolume')).toHaveLength(1)
      expect(one.volumes.size).toBe(1)
      expect(reconciler.findings).toMatchObject({ deletedOrphans: 1 })
    })

    it('stay while the UID of the cluster cannot be read', async () => {
      bound(one, 'a')
      const [id = ''] = have(one, 'b')
      begin({ deleteOrphans: true })
      orchestrator.clusterUid = () => Promise.reject(new Error('forbidden'))
      await rounds(0, 60)
      expect(one.volumes).toContain(id)
    })

    it('stay while they are in use, and are deleted afterwards', async () => {
      bound(one, 'a')
      const [id = ''] = have(one, 'b')
      one.inUse.add(id)
      begin({ deleteOrphans: true })
      await rounds(0, 60)
      expect(one.volumes).toContain(id)
      one.inUse.clear()
      await rounds(61)
      expect(one.volumes).not.toContain(id)
    })

    it.each([
      ['that an earlier cluster has left', 'earlier-cluster'],
      ['of which no cluster is known', ''],
    ])('%s are told of, and never deleted', async (_, clusterUid) => {
      bound(one, 'a')
      const [id = ''] = have(one, 'b')
      one.clusters.set(id, clusterUid)
      begin({ deleteOrphans: true })
      await rounds(0, 60, 61, 62)
      expect(one.volumes).toContain(id)
      expect(orphans()).toEqual([id])
      expect(one.calls.filter((call) => call === 'controllerGetVolume')).toHaveLength(1)
    })

    it('that were saved in the last moment are not deleted', async () => {
      bound(one, 'a')
      const [id = ''] = have(one, 'b')
      begin({ deleteOrphans: true })
      await rounds(0)
      let looks = 0
      orchestrator.looking = () => {
        if (++looks === 2) orchestrator.bind('b', id, 'n1')
      }
      await rounds(60)
      expect(one.volumes).toContain(id)
    })

    it('are not deleted without any PersistentVolume: the cluster may be new', async () => {
      have(one, 'a')
      begin({ deleteOrphans: true })
      await rounds(0, 60)
      expect(one.volumes.size).toBe(1)
    })

    it('keep their age while their node is unreachable, and are not reported meanwhile', async () => {
      bound(two, 'a')
      const [id = ''] = have(one, 'b')
      begin({ deleteOrphans: true })
      await rounds(0)
      one.isAway = true
      await rounds(60)
      expect(orphans()).toEqual([])
      one.isAway = false
      await rounds(61)
      expect(one.volumes).not.toContain(id)
    })
  })

  describe('a node that no longer exists', () => {
    const lose = (): void => {
      nodes.update([{ name: 'n1', address: 'n1' }])
      orchestrator.nodes.delete('n2')
    }

    it('is reported on its claims', async () => {
      bound(one, 'a')
      bound(two, 'b')
      lose()
      await rounds(0, 9)
      expect(told).toEqual([])
      await rounds(10)
      expect(reasons()).toEqual(['PersistentVolumeClaim b: NodeLost'])
      expect(reconciler.findings?.volumesOfLostNodes).toHaveLength(1)
      await rounds(120)
      expect(orchestrator.deletedClaims).toEqual([])
    })

    it('has its claims deleted after the grace, each once, if that is configured', async () => {
      bound(one, 'a')
      bound(two, 'b')
      begin({ releaseLostNodes: true })
      lose()
      await rounds(0, 59)
      expect(orchestrator.deletedClaims).toEqual([])
      expect(reconciler.isOnLostNode(volumeIdFor('n2', 'b'))).toBe(false)
      await rounds(60, 61)
      expect(orchestrator.deletedClaims).toEqual(['b'])
      expect(reconciler.findings).toMatchObject({ releasedClaims: 1 })
    })

    it('has no objects to delete, until it comes back', async () => {
      bound(one, 'a')
      bound(two, 'b')
      begin({ releaseLostNodes: true })
      lose()
      await rounds(0, 60)
      expect(reconciler.isOnLostNode(volumeIdFor('n2', 'b'))).toBe(true)
      expect(reconciler.isOnLostNode(snapshotIdFor('n2', 's'))).toBe(true)
      expect(reconciler.isOnLostNode(volumeIdFor('n1', 'a'))).toBe(false)
      expect(reconciler.isOnLostNode('no id')).toBe(false)
      orchestrator.nodes.add('n2')
      await rounds(61)
      expect(reconciler.isOnLostNode(volumeIdFor('n2', 'b'))).toBe(false)
    })

    it('has snapshots that can be deleted, also when no volume is left and the controller has restarted', async () => {
      lose()
      orchestrator.snapshots = [snapshotIdFor('n2', 's'), snapshotIdFor('n1', 's')]
      begin({ releaseLostNodes: true })
      await rounds(0, 59)
      expect(reconciler.isOnLostNode(snapshotIdFor('n2', 's'))).toBe(false)
      await rounds(60)
      expect(reconciler.isOnLostNode(snapshotIdFor('n2', 's'))).toBe(true)
      expect(reconciler.isOnLostNode(snapshotIdFor('n1', 's'))).toBe(false)
      begin()
      await rounds(61, 200)
      expect(reconciler.isOnLostNode(snapshotIdFor('n2', 's'))).toBe(false)
    })

    it('is not a node whose name was shortened for the label of its volumes', async () => {
      const name = 'n'.repeat(100)
      orchestrator.nodes = new Set([name])
      orchestrator.bind('a', volumeIdFor(name, 'a'), `n${'n'.repeat(49)}-0123456789ab`)
      begin({ releaseLostNodes: true })
      await rounds(0, 60)
      expect(orchestrator.deletedClaims).toEqual([])
      expect(told).toEqual([])
    })

    it.each([
      ['its driver answers all the same', ['n1']],
      ['there is no node at all: something else is wrong', []],
    ])('is none where %s', async (_, nodeNames) => {
      bound(two, 'b')
      begin({ releaseLostNodes: true })
      orchestrator.nodes = new Set(nodeNames)
      await rounds(0, 60)
      expect(orchestrator.deletedClaims).toEqual([])
      expect(told).toEqual([])
    })
  })

  describe('the health of volumes', () => {
    it('is reported on their claims', async () => {
      const [, b = ''] = bound(one, 'a', 'b', 'c')
      one.health.set(b, [{ reason: 'ImageMissing', message: 'restore it' }])
      await rounds(0)
      expect(told).toMatchObject([{ about: { name: 'b' }, reason: 'ImageMissing', message: 'restore it' }])
    })

    it('is queried where a node does not list the volume', async () => {
      const [away = '', gone = ''] = bound(one, 'away', 'gone')
      one.volumes.clear()
      one.health.set(away, [{ reason: 'PoolUnreachable', message: 'mount it' }])
      await rounds(0)
      expect(reasons()).toEqual([
        'PersistentVolumeClaim away: PoolUnreachable',
        'PersistentVolumeClaim gone: VolumeMissing',
      ])
      expect(at(told, 1).message).toContain(gone)
    })

    it('is queried in parallel: unanswered queries do not delay the others', async () => {
      const names = Array.from({ length: 300 }, (_, index) => `mute-${index}`)
      for (const id of bound(one, ...names)) one.muteVolumes.add(id)
      bound(one, 'gone')
      one.volumes.clear()
      await rounds(0)
      expect(reasons()).toEqual(['PersistentVolumeClaim gone: VolumeMissing'])
      expect(one.mostAtOnce).toBeGreaterThan(1)
      expect(one.mostAtOnce).toBeLessThanOrEqual(64)
    })

    it('is not known of an unreachable node', async () => {
      bound(one, 'a')
      one.isAway = true
      await rounds(0)
      expect(told).toEqual([])
    })
  })

  it('only compares where another replica leads, and continues with its state', async () => {
    bound(one, 'a')
    const [id = ''] = have(one, 'b')
    begin({ deleteOrphans: true })
    leads = false
    await rounds(0, 60)
    expect(told).toEqual([])
    expect(reconciler.findings).toBeUndefined()
    expect(one.volumes).toContain(id)
    leads = true
    await rounds(61)
    expect(one.volumes).not.toContain(id)
  })

  it('reports its own certificates, and those of the nodes, a month before they expire', async () => {
    certificates = [expiringIn(31), expiringIn(29)]
    const [first, second] = nodes.all()
    if (first) first.certificate = expiringIn(31)
    if (second) second.certificate = expiringIn(-1)
    await rounds(0)
    expect(told.map(({ about, reason }) => [about, reason])).toEqual([
      [pod, 'CertificateExpiring'],
      [{ kind: 'Node', namespace: undefined, name: second?.name, uid: second?.name }, 'CertificateExpired'],
    ])
    expect(told[0]?.message).toMatch(/expires at \d{4}-.*cannot connect.*docs\/how-to\/certificates\.md/)
  })
})
