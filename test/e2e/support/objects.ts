import type { KubeObject } from './kubectl.ts'

export const IMAGE = 'busybox:1.37'

export interface ClaimWishes {
  readonly storageClass?: string
  readonly size?: string
  readonly accessMode?: 'ReadWriteOnce' | 'ReadWriteOncePod' | 'ReadOnlyMany'
  readonly volumeMode?: 'Filesystem' | 'Block'
  readonly attributes?: string
  readonly from?: { readonly kind: 'VolumeSnapshot' | 'PersistentVolumeClaim'; readonly name: string }
  readonly labels?: Readonly<Record<string, string>>
}

export function claim(name: string, wishes: ClaimWishes = {}): KubeObject {
  const {
    storageClass = 'loop',
    size = '64Mi',
    accessMode = 'ReadWriteOnce',
    volumeMode = 'Filesystem',
  } = wishes
  const { attributes, from, labels = {} } = wishes
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, labels },
    spec: {
      storageClassName: storageClass,
      accessModes: [accessMode],
      volumeMode,
      resources: { requests: { storage: size } },
      ...(attributes !== undefined && { volumeAttributesClassName: attributes }),
      ...(from && {
        dataSource: {
          ...from,
          ...(from.kind === 'VolumeSnapshot' && { apiGroup: 'snapshot.storage.k8s.io' }),
        },
      }),
    },
  }
}

export interface PodWishes {
  /** Kubernetes volumes by name, mounted at `/<name>`, or, for `blocks`, devices at `/dev/<name>`. */
  readonly volumes?: Readonly<Record<string, object>>
  readonly blocks?: Readonly<Record<string, object>>
  readonly node?: string
  readonly image?: string
  readonly command?: string
  readonly spec?: object
  readonly mount?: object
}

/** A pod that sleeps, on any node, control plane too. */
export function pod(name: string, wishes: PodWishes = {}): KubeObject {
  const { volumes = {}, blocks = {}, node, image = IMAGE } = wishes
  const { command = 'exec sleep infinity', spec = {}, mount = {} } = wishes
  const all = { ...volumes, ...blocks }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'e2e' } },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
      ...(node !== undefined && { nodeSelector: { 'kubernetes.io/hostname': node } }),
      containers: [
        {
          name: 'app',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', command],
          volumeMounts: Object.keys(volumes).map((key) => ({ name: key, mountPath: `/${key}`, ...mount })),
          volumeDevices: Object.keys(blocks).map((key) => ({ name: key, devicePath: `/dev/${key}` })),
        },
      ],
      volumes: Object.entries(all).map(([key, source]) => ({ name: key, ...source })),
      ...spec,
    },
  }
}

export function ofClaim(claimName: string, readOnly = false): object {
  return { persistentVolumeClaim: { claimName, readOnly } }
}

export function snapshot(name: string, claimName: string): KubeObject {
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name },
    spec: { volumeSnapshotClassName: 'loop', source: { persistentVolumeClaimName: claimName } },
  }
}
