import {
  V1DeleteOptions,
  V1Preconditions,
  type CoreV1Api,
  type V1PersistentVolume,
} from '@kubernetes/client-node'
import type { ClusterVolume, ObjectRef, Orchestrator } from '../reconcile/ports.ts'
import { isStatus, object } from './api.ts'

/** Objects in one answer of the API server. */
const PAGE = 500

type ObjectApi = Pick<
  CoreV1Api,
  'listPersistentVolume' | 'listNode' | 'deleteNamespacedPersistentVolumeClaim'
>

/** The Orchestrator port on the API server, which is asked anew each time. */
export class Kubernetes implements Orchestrator {
  readonly #api: ObjectApi
  readonly #driverName: string

  constructor(api: ObjectApi, driverName: string) {
    this.#api = api
    this.#driverName = driverName
  }

  async volumes(signal: AbortSignal): Promise<ClusterVolume[]> {
    const found = await everyPage((page) => this.#api.listPersistentVolume(page), signal)
    return found.flatMap((volume) => this.#ofOurs(volume))
  }

  async nodeNames(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const nodes = await everyPage((page) => this.#api.listNode(page), signal)
    return new Set(nodes.flatMap(({ metadata }) => metadata?.name ?? []))
  }

  async deleteClaim({ namespace = '', name, uid }: ObjectRef): Promise<void> {
    try {
      // Not another one that has got the name meanwhile.
      const body = object(V1DeleteOptions, { preconditions: object(V1Preconditions, { uid }) })
      await this.#api.deleteNamespacedPersistentVolumeClaim({ namespace, name, body })
    } catch (error) {
      if (!isStatus(error, 404, 409)) throw error
    }
  }

  #ofOurs({ metadata, spec, status }: V1PersistentVolume): ClusterVolume[] {
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

/** The node of the affinity that csi-provisioner has made of the volume's topology. */
function nodeNameOf(
  { nodeAffinity }: NonNullable<V1PersistentVolume['spec']>,
  topologyKey: string,
): string | undefined {
  return nodeAffinity?.required?.nodeSelectorTerms
    .flatMap(({ matchExpressions = [] }) => matchExpressions)
    .find(({ key }) => key === topologyKey)?.values?.[0]
}

interface Page<T> {
  readonly items: T[]
  readonly metadata?: { readonly _continue?: string }
}

async function everyPage<T>(
  list: (page: { limit: number; _continue?: string }) => Promise<Page<T>>,
  signal: AbortSignal,
): Promise<T[]> {
  const items: T[] = []
  let next: string | undefined
  do {
    signal.throwIfAborted()
    const page = await list({ limit: PAGE, ...(next !== undefined && { _continue: next }) })
    items.push(...page.items)
    next = page.metadata?._continue
  } while (next !== undefined && next !== '')
  return items
}
