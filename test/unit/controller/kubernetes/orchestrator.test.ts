import { beforeEach, describe, expect, it } from '@jest/globals'
import { ApiException, type V1DeleteOptions } from '@kubernetes/client-node'
import { Kubernetes } from '../../../../src/controller/kubernetes/orchestrator.ts'
import { never } from '../../../../src/volumes/concurrency/deadlines.ts'

function volume(name: string, driver: string, phase: string) {
  const terms = [{ matchExpressions: [{ key: `topology.${driver}/node`, operator: 'In', values: ['n1'] }] }]
  return {
    metadata: { name, uid: `uid-${name}` },
    spec: {
      csi: { driver, volumeHandle: `handle-${name}` },
      claimRef: { namespace: 'shop', name: `claim-of-${name}`, uid: `claim-uid-${name}` },
      nodeAffinity: { required: { nodeSelectorTerms: terms } },
    },
    status: { phase },
  }
}

describe('Kubernetes', () => {
  let pages: Record<string, { items: object[]; next?: string }>
  let deletions: { namespace: string; name: string; body?: V1DeleteOptions }[]
  let code: number | undefined
  let kubernetes: Kubernetes

  beforeEach(() => {
    deletions = []
    code = undefined
    const list = ({ _continue = '' }: { _continue?: string }) => {
      const { items = [], next } = pages[_continue] ?? {}
      return Promise.resolve({ items, metadata: next === undefined ? {} : { _continue: next } } as never)
    }
    const api = {
      listPersistentVolume: list,
      listNode: list,
      readNamespace: ({ name }: { name: string }) =>
        Promise.resolve({ metadata: { uid: `uid-of-${name}` } } as never),
      deleteNamespacedPersistentVolumeClaim: (deletion: (typeof deletions)[number]) => {
        if (code !== undefined) throw new ApiException(code, 'refused', {}, {})
        deletions.push(deletion)
        return Promise.resolve({} as never)
      },
    }
    const custom = {
      listClusterCustomObject: async ({ plural, _continue }: { plural: string; _continue?: string }) => {
        if (_continue !== undefined) return list({ _continue })
        if (plural in pages) return list({ _continue: plural })
        throw new ApiException(404, 'no such kind', {}, {})
      },
    }
    kubernetes = new Kubernetes(
      api,
      { listCSINode: () => list({ _continue: 'csinodes' }) },
      custom,
      'loop.csi.local',
    )
  })

  it('has the volumes of this driver, page by page', async () => {
    pages = {
      '': { items: [volume('a', 'loop.csi.local', 'Bound'), volume('b', 'other', 'Bound')], next: 'second' },
      second: { items: [volume('c', 'loop.csi.local', 'Released'), { metadata: {}, spec: {} }] },
    }
    expect(await kubernetes.volumes(never)).toEqual([
      {
        volumeId: 'handle-a',
        volume: { kind: 'PersistentVolume', namespace: undefined, name: 'a', uid: 'uid-a' },
        claim: { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'claim-of-a', uid: 'claim-uid-a' },
        nodeName: 'n1',
      },
      {
        volumeId: 'handle-c',
        volume: { kind: 'PersistentVolume', namespace: undefined, name: 'c', uid: 'uid-c' },
        claim: undefined,
        nodeName: 'n1',
      },
    ])
  })

  it('identifies the cluster by its namespace kube-system', async () => {
    expect(await kubernetes.clusterUid()).toBe('uid-of-kube-system')
  })

  it('has the ids of the snapshots of this driver, and none of a kind that the cluster does not have', async () => {
    const driver = 'loop.csi.local'
    pages = {
      volumesnapshotcontents: {
        items: [
          { spec: { driver }, status: { snapshotHandle: 's1' } },
          { spec: { driver: 'other' }, status: { snapshotHandle: 'theirs' } },
          { spec: { driver, source: { snapshotHandle: 's2' } } },
          { spec: { driver, source: { volumeHandle: 'not cut yet' } } },
        ],
        next: 'x',
      },
      x: { items: [{ spec: { driver }, status: { snapshotHandle: 's3' } }] },
    }
    expect(await kubernetes.snapshotIds(never)).toEqual(['s1', 's2', 's3'])
    pages = {
      volumegroupsnapshotcontents: {
        items: [{ spec: { driver }, status: { volumeGroupSnapshotHandle: 'g1' } }],
      },
    }
    expect(await kubernetes.snapshotIds(never)).toEqual(['g1'])
  })

  it('lists the nodes on which ordinary pods can be scheduled', async () => {
    const taint = (effect: string) => ({ spec: { taints: [{ key: 'k', effect }] } })
    const nodes = {
      plain: { spec: {} },
      preferred: taint('PreferNoSchedule'),
      cordoned: { spec: { unschedulable: true } },
      'control-plane': taint('NoSchedule'),
      'not-ready': taint('NoExecute'),
      unregistered: {},
    }
    const drivers = [{ name: 'loop.csi.local', nodeID: 'x' }]
    pages = {
      '': { items: Object.entries(nodes).map(([name, node]) => ({ metadata: { name }, ...node })) },
      csinodes: {
        items: Object.keys(nodes).map((name) => ({
          metadata: { name },
          spec: { drivers: name === 'unregistered' ? [] : drivers },
        })),
      },
    }
    expect(await kubernetes.nodesForPods(never)).toEqual(new Set(['plain', 'preferred']))
  })

  it('has the names of all nodes', async () => {
    pages = {
      '': { items: [{ metadata: { name: 'n1' } }], next: 'x' },
      x: { items: [{ metadata: { name: 'n2' } }] },
    }
    expect(await kubernetes.nodeNames(never)).toEqual(new Set(['n1', 'n2']))
  })

  const claim = { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'orders', uid: 'u1' } as const

  it('deletes this claim, and not a later one of the same name', async () => {
    await kubernetes.deleteClaim(claim)
    expect(deletions).toMatchObject([
      { namespace: 'shop', name: 'orders', body: { preconditions: { uid: 'u1' } } },
    ])
  })

  it.each([404, 409])('treats the response %i as a deleted claim', async (answer) => {
    code = answer
    await expect(kubernetes.deleteClaim(claim)).resolves.toBeUndefined()
  })

  it('fails without permission', async () => {
    code = 403
    await expect(kubernetes.deleteClaim(claim)).rejects.toMatchObject({ code: 403 })
  })
})
