import { describe, expect, it } from '@jest/globals'
import { parseAllDocuments } from 'yaml'
import { manifestOf, type ManifestSubject } from '../../../../src/cli/volume/adopt.ts'

const subject: ManifestSubject = {
  volumeId: '0a1b2c3d-00000000000000000000000000000000',
  volume: { name: 'pvc-1', accessTypes: ['mount'], fsType: 'xfs' },
  capacityBytes: 1n << 30n,
  driverName: 'loop.csi.local',
  topology: { 'topology.loop.csi.local/node': 'n1' },
  claim: { namespace: 'shop', name: 'db' },
  storageClass: '',
}

const objectsOf = async (changes: Partial<ManifestSubject> = {}): Promise<unknown[]> =>
  parseAllDocuments(await manifestOf({ ...subject, ...changes })).map(
    (document) => document.toJS() as unknown,
  )

describe('the manifest that binds an existing volume', () => {
  it('is a volume and a claim that refer to each other', async () => {
    const storage = '1073741824'
    const common = { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', storageClassName: '' }
    const nodes = [{ key: 'topology.loop.csi.local/node', operator: 'In', values: ['n1'] }]
    expect(await objectsOf()).toEqual([
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'pvc-1' },
        spec: {
          ...common,
          capacity: { storage },
          persistentVolumeReclaimPolicy: 'Retain',
          claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'db' },
          csi: { driver: 'loop.csi.local', volumeHandle: subject.volumeId, fsType: 'xfs' },
          nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: nodes }] } },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { namespace: 'shop', name: 'db' },
        spec: { ...common, resources: { requests: { storage } }, volumeName: 'pvc-1' },
      },
    ])
  })

  it('has no file system for a raw block volume', async () => {
    const [volume, claim] = await objectsOf({ volume: { ...subject.volume, accessTypes: ['block'] } })
    expect(volume).toMatchObject({ spec: { volumeMode: 'Block' } })
    expect(volume).not.toHaveProperty('spec.csi.fsType')
    expect(claim).toMatchObject({ spec: { volumeMode: 'Block' } })
  })

  it.each([
    ['pvc-0123.a', 'pvc-0123.a'],
    ['Tägliche Daten', `volume-${subject.volumeId}`],
    ['-a', `volume-${subject.volumeId}`],
    ['../etc', `volume-${subject.volumeId}`],
  ])('calls the volume of %j %j', async (name, expected) => {
    const [volume, claim] = await objectsOf({ volume: { ...subject.volume, name } })
    expect(volume).toMatchObject({ metadata: { name: expected } })
    expect(claim).toMatchObject({ spec: { volumeName: expected } })
  })
})
