import { nodeHash, nodeHashOf } from '../../volumes/model/ids.ts'
import type { Kubectl } from './kubectl.ts'

/** What the chart labels the driver's pods on the nodes with. */
export const DEFAULT_SELECTOR = 'app.kubernetes.io/name=csi-driver-loop,app.kubernetes.io/component=node'

/** The container of the driver. */
const CONTAINER = 'driver'

/** The driver's pod on a node. */
export interface NodePod {
  readonly node: string
  readonly namespace: string
  readonly name: string
  readonly isRunning: boolean
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly namespace: string; readonly name: string }
    readonly spec: { readonly nodeName?: string }
    readonly status: { readonly phase?: string }
  }[]
}

/** The driver's pods, in the order of their nodes. @throws Error when there is none */
export async function nodePods(kubectl: Kubectl, selector: string): Promise<NodePod[]> {
  const { items } = await kubectl.get<PodList>('pods', '--all-namespaces', `--selector=${selector}`)
  const pods = items.map(({ metadata, spec, status }) => ({
    node: spec.nodeName ?? '',
    namespace: metadata.namespace,
    name: metadata.name,
    isRunning: status.phase === 'Running',
  }))
  if (pods.length > 0) return pods.sort((a, b) => (a.node < b.node ? -1 : 1))
  throw new Error(`no pods of the driver have the labels ${selector}; give --selector, or install the driver`)
}

/** @throws Error naming the nodes that there are */
export function podOn(pods: readonly NodePod[], node: string): NodePod {
  const pod = pods.find((pod) => pod.node === node)
  if (pod) return pod
  throw new Error(
    `the driver has no pod on node "${node}"; it has some on ${pods.map(({ node }) => node).join(', ')}`,
  )
}

/**
 * The pod on the node that gave out the id, which begins with a hash of the node's name.
 * @throws Error when it has none
 */
export function podOfVolume(pods: readonly NodePod[], id: string): NodePod {
  const pod = pods.find(({ node }) => nodeHash(node) === nodeHashOf(id))
  if (pod) return pod
  throw new Error(`volume "${id}" is of a node on which the driver has no pod`)
}

/** What makes kubectl run a command of csi-driver-loop in the pod. */
export function execArguments(pod: NodePod, words: readonly string[], hasInput = false): string[] {
  return [
    ...['exec', `--namespace=${pod.namespace}`, pod.name, `--container=${CONTAINER}`],
    ...(hasInput ? ['--stdin'] : []),
    ...['--', 'csi-driver-loop', ...words],
  ]
}
