import { hostname } from 'node:os'
import {
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  StorageV1Api,
  type KubeConfig,
} from '@kubernetes/client-node'
import type { Logger } from 'pino'
import type { Validities, Validity } from '../../csi/certificates.ts'
import { cached } from '../../volumes/concurrency/reads.ts'
import { never } from '../../volumes/concurrency/deadlines.ts'
import { Schedule } from '../../volumes/concurrency/schedule.ts'
import type { ClusterContext } from '../cluster-ports.ts'
import type { NodeDirectory } from '../directory.ts'
import { Reconciler, type Findings, type ReconcilerConfig } from '../reconcile/reconciler.ts'
import { explain, kubeConfig } from './api.ts'
import { watchEndpointSlices, type ServiceName } from './endpoint-slices.ts'
import { EventRecorder } from './events.ts'
import { Leadership } from './leadership.ts'
import { Kubernetes } from './orchestrator.ts'

/** How long a list of the nodes is cached: it serves many claims that are created at once. */
const NODES_FOR_PODS_MS = 10_000

export interface KubernetesConfig extends ReconcilerConfig {
  /** The headless Service of the nodes' pods. */
  readonly service: ServiceName
  readonly driverName: string
  /** Pause between two reconciliations, in milliseconds; 0: no reconciliation. */
  readonly reconcileIntervalMs: number
  /** The uid of this pod, for events about it; empty when unknown. */
  readonly podUid: string
}

export interface KubernetesDependencies {
  readonly nodes: NodeDirectory
  /** The certificates of this process. */
  readonly certificates: { readonly validities: Validities }
  readonly log: Logger
}

/** The connection of the controller role to Kubernetes. */
export interface Joined extends AsyncDisposable {
  readonly context: ClusterContext
  /** Undefined unless this replica is the leader. */
  readonly findings: () => Findings | undefined
}

/** Watches the addresses of the nodes, and compares their volumes with the cluster's objects. */
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
  const { report } = joined.use(new EventRecorder(access.makeApiClient(CoreV1Api), driverName, log))
  const lease = { namespace: service.namespace, name: `${driverName.replaceAll('.', '-')}-reconciler` }
  const leadership = joined.use(
    new Leadership(access.makeApiClient(CoordinationV1Api), lease, hostname(), log),
  )
  const orchestrator = orchestratorOf(access, driverName)
  const isLeader = (): boolean => leadership.isLeader
  const self = {
    // The host name of a pod is its name.
    about: { kind: 'Pod', namespace: service.namespace, name: hostname(), uid: podUid } as const,
    validities: () => Object.values(certificates.validities) as Validity[],
  }
  const reconciler = new Reconciler(config, { nodes, orchestrator, report, self, isLeader, log })
  await reconciler.learnClusterUid(never)
  if (reconcileIntervalMs > 0) {
    leadership.start()
    joined.use(new Schedule(reconcileIntervalMs, (signal) => runRound(reconciler, log, signal), log))
  }
  const held = joined.move()
  return {
    context: {
      report,
      isOnLostNode: (id) => reconciler.isOnLostNode(id),
      clusterUid: () => reconciler.clusterUid,
      nodesForPods: nodesForPodsOf(orchestrator, log),
    },
    findings: () => reconciler.findings,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

function orchestratorOf(access: KubeConfig, driverName: string): Kubernetes {
  const objects = access.makeApiClient(CoreV1Api)
  const storage = access.makeApiClient(StorageV1Api)
  return new Kubernetes(objects, storage, access.makeApiClient(CustomObjectsApi), driverName)
}

async function runRound(reconciler: Reconciler, log: Logger, signal: AbortSignal): Promise<void> {
  try {
    await reconciler.round(signal)
  } catch (error) {
    signal.throwIfAborted()
    log.warn({ error: explain(error) }, 'cannot compare nodes and PersistentVolumes; retrying')
  }
}

function nodesForPodsOf(orchestrator: Kubernetes, log: Logger): ClusterContext['nodesForPods'] {
  const read = cached(NODES_FOR_PODS_MS, () => orchestrator.nodesForPods(never))
  return async () => {
    try {
      return await read()
    } catch (error) {
      log.warn(
        { error: explain(error) },
        'cannot read which nodes are for ordinary pods; all nodes are candidates',
      )
      return undefined
    }
  }
}
