import type { NewVolume } from './create.ts'

export interface ManifestSubject {
  readonly volumeId: string
  readonly volume: Pick<NewVolume, 'name' | 'accessTypes' | 'fsType'>
  readonly capacityBytes: bigint
  readonly driverName: string
  readonly topology: Readonly<Record<string, string>>
  readonly claim: { readonly namespace: string; readonly name: string }
  readonly storageClass: string
}

/** A valid name of a Kubernetes object (RFC 1123). */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/

/** A PersistentVolume for an existing volume, and the claim that it is bound to, as YAML. */
export async function manifestOf(subject: ManifestSubject): Promise<string> {
  // Only this command needs YAML: loading it takes half as long as gRPC.
  const { stringify } = await import('yaml')
  const { claim, driverName, storageClass: storageClassName, topology, volume, volumeId } = subject
  const isMounted = volume.accessTypes.includes('mount')
  const common = {
    accessModes: ['ReadWriteOnce'],
    volumeMode: isMounted ? 'Filesystem' : 'Block',
    storageClassName,
  }
  const storage = `${subject.capacityBytes}`
  const persistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: NAME.test(volume.name) ? volume.name : `volume-${volumeId}` },
    spec: {
      capacity: { storage },
      ...common,
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim },
      csi: {
        driver: driverName,
        volumeHandle: volumeId,
        ...(isMounted && { fsType: volume.fsType }),
      },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: Object.entries(topology).map(([key, value]) => ({
                key,
                operator: 'In',
                values: [value],
              })),
            },
          ],
        },
      },
    },
  }
  const persistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: claim,
    spec: {
      ...common,
      resources: { requests: { storage } },
      volumeName: persistentVolume.metadata.name,
    },
  }
  return [persistentVolume, persistentVolumeClaim].map((object) => stringify(object)).join('---\n')
}
