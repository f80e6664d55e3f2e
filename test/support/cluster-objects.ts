/** Objects of the API server, as large as they usually are. */

/** What the API server adds to every object. */
const managedFields = ['csi-provisioner', 'kube-controller-manager'].map((manager) => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  time: '2026-01-01T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`f:field-${index}`, { '.': {} }])),
}))

interface VolumeOfDriver {
  /** Of the PersistentVolume, and the name that the driver got. */
  readonly name: string
  readonly driver: string
  readonly volumeHandle: string
  readonly nodeName: string
}

export function persistentVolume({ name, driver, volumeHandle, nodeName }: VolumeOfDriver): object {
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: { 'pv.kubernetes.io/provisioned-by': driver },
      finalizers: ['kubernetes.io/pv-protection'],
      managedFields,
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      claimRef: {
        kind: 'PersistentVolumeClaim',
        namespace: 'shop',
        name: `claim-of-${name}`,
        uid: `claim-uid-${name}`,
      },
      csi: { driver, volumeHandle, volumeAttributes: { of: name } },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: `topology.${driver}/node`, operator: 'In', values: [nodeName] }] },
          ],
        },
      },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'loop',
      volumeMode: 'Filesystem',
    },
    status: { phase: 'Bound' },
  }
}

/** The kubelet lists up to 50 images. */
export function nodeObject(name: string): object {
  const images = Array.from({ length: 50 }, (_, image) => ({
    names: [
      `registry.example/image-${image}@sha256:${'0'.repeat(64)}`,
      `registry.example/image-${image}:1.0.0`,
    ],
    sizeBytes: 123_456_789,
  }))
  return { metadata: { name, uid: `uid-${name}`, managedFields }, spec: {}, status: { images } }
}

/** A node where the kubelet has registered the driver. */
export function csiNode(name: string, driver: string): object {
  return { metadata: { name }, spec: { drivers: [{ name: driver, nodeID: name, topologyKeys: [] }] } }
}

/** The address of one node's driver, in the Service that the router watches. */
export function endpointSlice(nodeName: string, port: number): object {
  return {
    metadata: { name: `nodes-${nodeName}`, namespace: 'storage', uid: `uid-slice-${nodeName}` },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], nodeName, conditions: { ready: true } }],
    ports: [{ name: 'grpc', port }],
  }
}

export function snapshotContent(driver: string, name: string, snapshotHandle: string): object {
  return { metadata: { name, managedFields }, spec: { driver }, status: { snapshotHandle } }
}

/** A kubeconfig for an API server without authentication. JSON, which is YAML too. */
export function kubeConfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
}
