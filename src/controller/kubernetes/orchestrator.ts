import {
  V1DeleteOptions,
  V1Preconditions,
  type CoreV1Api,
  type CustomObjectsApi,
  type StorageV1Api,
  type V1PersistentVolume,
} from '@kubernetes/client-node'
import type { ClusterVolume, ObjectRef, Orchestrator } from '../cluster-ports.ts'
import { isStatus, object } from './api.ts'

/**
 * PersistentVolumes in one response of the API server. Only this driver's are kept, because all of them may
 * need more memory than this process has.
 */
const PAGE = 500

/** Nodes are ten times as large, because they list their images. */
const PAGE_OF_NODES = 50

type ObjectApi = Pick<
  CoreV1Api,
  'readNamespace' | 'listPersistentVolume' | 'listNode' | 'deleteNamespacedPersistentVolumeClaim'
>

type StorageApi = Pick<StorageV1Api, 'listCSINode'>
type CustomApi = Pick<CustomObjectsApi, 'listClusterCustomObject'>

/** The fields of a VolumeSnapshotContent or VolumeGroupSnapshotContent that are read. */
interface SnapshotContent {
  readonly spec?: {
    readonly driver?: string
    readonly source?: {
      readonly snapshotHandle?: string
      readonly groupSnapshotHandles?: { readonly volumeGroupSnapshotHandle?: string }
    }
  }
  readonly status?: { readonly snapshotHandle?: string; readonly volumeGroupSnapshotHandle?: string }
}

/** The Orchestrator port on the API server. */
export class Kubernetes implements Orchestrator {
  readonly #api: ObjectApi
  readonly #storage: StorageApi
  readonly #custom: CustomApi
  readonly #driverName: string

  constructor(api: ObjectApi, storage: StorageApi, custom: CustomApi, driverName: string) {
    this.#api = api
    this.#storage = storage
    this.#custom = custom
    this.#driverName = driverName
  }

  async volumes(signal: AbortSignal): Promise<ClusterVolume[]> {
    return await collect(
      (page) => this.#api.listPersistentVolume(page),
      PAGE,
      (volume) => this.#toClusterVolume(volume),
      signal,
    )
  }

  async nodeNames(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const names = await collect(
      (page) => this.#api.listNode(page),
      PAGE_OF_NODES,
      ({ metadata }) => metadata?.name ?? [],
      signal,
    )
    return new Set(names)
  }

  async snapshotIds(signal: AbortSignal): Promise<string[]> {
    const singles = this.#handles('snapshot.storage.k8s.io', 'v1', 'volumesnapshotcontents', signal)
    const groups = this.#handles('groupsnapshot.storage.k8s.io', 'v1', 'volumegroupsnapshotcontents', signal)
    return [...(await singles), ...(await groups)]
  }

  /**
   * Excludes nodes that are cordoned, that have a taint which pods do not tolerate by default (a control
   * plane, a node that is not ready), or where the driver is not registered with the kubelet.
   */
  async nodesForPods(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const isRegistered = new Set(
      await collect(
        (page) => this.#storage.listCSINode(page),
        PAGE,
        ({ metadata, spec }) =>
          spec.drivers.some(({ name }) => name === this.#driverName) ? (metadata?.name ?? []) : [],
        signal,
      ),
    )
    const open = await collect(
      (page) => this.#api.listNode(page),
      PAGE_OF_NODES,
      ({ metadata, spec }) => {
        const isTainted = spec?.taints?.some(({ effect }) => ['NoSchedule', 'NoExecute'].includes(effect))
        return spec?.unschedulable === true || isTainted === true ? [] : (metadata?.name ?? [])
      },
      signal,
    )
    return new Set(open.filter((name) => isRegistered.has(name)))
  }

  /**
   * The ids in the objects of a snapshot CRD. None where the cluster does not have the CRD (404), or the
   * chart is installed without snapshots (403).
   */
  async #handles(group: string, version: string, plural: string, signal: AbortSignal): Promise<string[]> {
    const kind = { group, version, plural }
    try {
      return await collect(
        (page) =>
          this.#custom.listClusterCustomObject({ ...kind, ...page }) as Promise<Page<SnapshotContent>>,
        PAGE,
        (content) => (content.spec?.driver === this.#driverName ? handlesOf(content) : []),
        signal,
      )
    } catch (error) {
      if (isStatus(error, 403, 404)) return []
      throw error
    }
  }

  /** The UID of the namespace kube-system, which commonly identifies a cluster. */
  async clusterUid(): Promise<string> {
    const { metadata } = await this.#api.readNamespace({ name: 'kube-system' })
    if (metadata?.uid === undefined) throw new Error('namespace "kube-system" has no UID')
    return metadata.uid
  }

  async deleteClaim({ namespace = '', name, uid }: ObjectRef): Promise<void> {
    try {
      // The precondition protects a claim that was created later under the same name.
      const body = object(V1DeleteOptions, { preconditions: object(V1Preconditions, { uid }) })
      await this.#api.deleteNamespacedPersistentVolumeClaim({ namespace, name, body })
    } catch (error) {
      if (!isStatus(error, 404, 409)) throw error
    }
  }

  #toClusterVolume({ metadata, spec, status }: V1PersistentVolume): ClusterVolume[] {
    if (spec?.csi?.driver !== this.#driverName) return []
    const { claimRef } = spec
    const isBound = status?.phase === 'Bound' && claimRef?.uid !== undefined
    return [
      {
        volumeId: spec.csi.volumeHandle,
        volume: {
          kind: 'PersistentVolume',
          namespace: undefined,
          name: metadata?.name ?? '',
          uid: metadata?.uid ?? '',
        },
        claim: isBound
          ? {
              kind: 'PersistentVolumeClaim',
              namespace: claimRef.namespace,
              name: claimRef.name ?? '',
              uid: claimRef.uid ?? '',
            }
          : undefined,
        nodeName: nodeNameOf(spec, `topology.${this.#driverName}/node`),
      },
    ]
  }
}

/** The node of the affinity that csi-provisioner derives from the volume's topology. */
function nodeNameOf(
  { nodeAffinity }: NonNullable<V1PersistentVolume['spec']>,
  topologyKey: string,
): string | undefined {
  return nodeAffinity?.required?.nodeSelectorTerms
    .flatMap(({ matchExpressions = [] }) => matchExpressions)
    .find(({ key }) => key === topologyKey)?.values?.[0]
}

function handlesOf({ spec, status }: SnapshotContent): string[] {
  const { source } = spec ?? {}
  const handles = [
    status?.snapshotHandle ?? source?.snapshotHandle,
    status?.volumeGroupSnapshotHandle ?? source?.groupSnapshotHandles?.volumeGroupSnapshotHandle,
  ]
  return handles.filter((handle) => handle !== undefined)
}

interface Page<T> {
  readonly items: T[]
  /** The client renames `continue` only in objects that it has a class for. */
  readonly metadata?: { readonly _continue?: string; readonly continue?: string }
}

/** Lists page by page. @param pick selects the fields to keep of each object */
async function collect<T, Kept>(
  list: (page: { limit: number; _continue?: string }) => Promise<Page<T>>,
  limit: number,
  pick: (object: T) => Kept | Kept[],
  signal: AbortSignal,
): Promise<Kept[]> {
  const kept: Kept[] = []
  let next: string | undefined
  do {
    signal.throwIfAborted()
    const page = await list({ limit, ...(next !== undefined && { _continue: next }) })
    for (const object of page.items) kept.push(...([pick(object)].flat() as Kept[]))
    next = page.metadata?._continue ?? page.metadata?.continue
  } while (next !== undefined && next !== '')
  return kept
}
