import { hostname } from 'node:os'
import { CoordinationV1Api, CoreV1Api, CustomObjectsApi, StorageV1Api } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import type { Validities, Validity } from '../../csi/certificate-validity.ts'
import { Schedule } from '../../volumes/concurrency/schedule.ts'
import type { NodeDirectory } from '../directory.ts'
import { Reconciler, type Findings, type ReconcilerConfig } from '../reconcile/reconciler.ts'
import type { Surroundings } from '../surroundings.ts'
import { explain, kubeConfig } from './api.ts'
import { watchEndpointSlices, type ServiceName } from './endpoint-slices.ts'
import { EventRecorder } from './events.ts'
import { Leadership } from './leadership.ts'
import { Kubernetes } from './orchestrator.ts'
import { sharedAnswer } from './shared-answer.ts'

/** A hundred claims at once are placed by one list of the nodes. */
const NODES_FOR_PODS_MS = 10_000

export interface KubernetesConfig extends ReconcilerConfig {
  /** The headless Service of the nodes' pods. */
  readonly service: ServiceName
  readonly driverName: string
  /** From the end of one comparison of nodes and cluster to the next, in milliseconds; 0: never. */
  readonly reconcileIntervalMs: number
  /** Of the pod that this runs in, for events about it; empty when unknown. */
  readonly podUid: string
}

export interface KubernetesDependencies {
  readonly nodes: NodeDirectory
  /** Those of this process. */
  readonly certificates: { readonly validities: Validities }
  readonly log: Logger
}

/** What the controller role has of Kubernetes. */
export interface Joined extends AsyncDisposable {
  readonly surroundings: Surroundings
  /** Undefined in a replica that does not lead. */
  readonly findings: () => Findings | undefined
}

/** Learns from Kubernetes where the nodes are, and compares what they have with what it knows. */
export async function joinKubernetes(
  config: KubernetesConfig,
  { nodes, certificates, log }: KubernetesDependencies,
): Promise<Joined> {
  const { driverName, podUid, reconcileIntervalMs, service } = config
  await using joined = new AsyncDisposableStack()
  const access = kubeConfig()
  const changed: Parameters<typeof watchEndpointSlices>[2] = (addresses) => {
    nodes.update(addresses)
  }
  joined.use(await watchEndpointSlices(access, service, changed, log))
  const objects = access.makeApiClient(CoreV1Api)
  const { tell } = joined.use(new EventRecorder(objects, driverName, log))
  const lease = { namespace: service.namespace, name: `${driverName.replaceAll('.', '-')}-reconciler` }
  const leadership = joined.use(
    new Leadership(access.makeApiClient(CoordinationV1Api), lease, hostname(), log),
  )
  const orchestrator = new Kubernetes(
    objects,
    access.makeApiClient(StorageV1Api),
    access.makeApiClient(CustomObjectsApi),
    driverName,
  )
  const isLeader = (): boolean => leadership.isLeader
  const self = {
    // Kubernetes gives a pod its name for a host name.
    about: { kind: 'Pod', namespace: service.namespace, name: hostname(), uid: podUid } as const,
    validities: () => Object.values(certificates.validities) as Validity[],
  }
  const reconciler = new Reconciler(config, { nodes, orchestrator, tell, self, isLeader, log })
  await reconciler.learnClusterUid(new AbortController().signal)
  if (reconcileIntervalMs > 0) {
    leadership.start()
    const round = async (signal: AbortSignal): Promise<void> => {
      try {
        await reconciler.round(signal)
      } catch (error) {
        signal.throwIfAborted()
        log.warn({ error: explain(error) }, 'nodes and PersistentVolumes could not be compared; trying again')
      }
    }
    joined.use(new Schedule(reconcileIntervalMs, round, log))
  }
  const nodesForPods = sharedAnswer(NODES_FOR_PODS_MS, () =>
    orchestrator.nodesForPods(new AbortController().signal),
  )
  const held = joined.move()
  return {
    surroundings: {
      tell,
      isGone: (id) => reconciler.isGone(id),
      clusterUid: () => reconciler.clusterUid,
      nodesForPods: async () => {
        try {
          return await nodesForPods()
        } catch (error) {
          log.warn({ error: explain(error) }, 'which nodes can have pods cannot be read: all nodes count')
          return undefined
        }
      },
    },
    findings: () => reconciler.findings,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}
