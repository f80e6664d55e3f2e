import { isId, nodeHash, nodeHashOf } from '../../volumes/model/ids.ts'
import type { Kubectl } from './kubectl.ts'

/** The labels that the chart gives to the driver's pods on the nodes. */
export const DEFAULT_SELECTOR = 'app.kubernetes.io/name=csi-driver-loop,app.kubernetes.io/component=node'

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

interface Claim {
  readonly spec: { readonly volumeName?: string }
}

interface PersistentVolume {
  readonly spec: { readonly csi?: { readonly driver: string; readonly volumeHandle: string } }
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

/** @throws Error with the names of the nodes that have a pod */
export function podOn(pods: readonly NodePod[], node: string): NodePod {
  const pod = pods.find((pod) => pod.node === node)
  if (pod) return pod
  throw new Error(
    `the driver has no pod on node "${node}"; it has pods on ${pods.map(({ node }) => node).join(', ')}`,
  )
}

/**
 * The pod on the node of a volume, whose id begins with a hash of the node's name.
 * @throws Error when there is no pod on that node
 */
export function podOfVolume(pods: readonly NodePod[], id: string): NodePod {
  const pod = pods.find(({ node }) => nodeHash(node) === nodeHashOf(id))
  if (pod) return pod
  throw new Error(`volume "${id}" is on a node where the driver has no pod`)
}

/** The arguments of kubectl that run a command of csi-driver-loop in the pod. */
export function execArguments(pod: NodePod, words: readonly string[], hasInput = false): string[] {
  return [
    ...['exec', `--namespace=${pod.namespace}`, pod.name, `--container=${CONTAINER}`],
    ...(hasInput ? ['--stdin'] : []),
    ...['--', 'csi-driver-loop', ...words],
  ]
}

/**
 * @param reference an id of a volume or a snapshot, `<claim>`, `<namespace>/<claim>`, or `pv/<name>`
 * @param namespace of a claim without one; undefined: that of kubectl's context
 * @throws Error when there is no such object, or it has no volume of this driver
 */
export async function volumeIdOf(
  kubectl: Kubectl,
  reference: string,
  namespace: string | undefined,
): Promise<string> {
  if (isId(reference)) return reference
  const [first = '', second] = reference.split('/')
  const name =
    first === 'pv' && second !== undefined ? second : await volumeOfClaim(kubectl, reference, namespace)
  const { spec } = await kubectl.get<PersistentVolume>('persistentvolume', name)
  const id = spec.csi?.volumeHandle ?? ''
  if (isId(id)) return id
  throw new Error(`PersistentVolume "${name}" is not a volume of csi-driver-loop`)
}

async function volumeOfClaim(
  kubectl: Kubectl,
  reference: string,
  namespace: string | undefined,
): Promise<string> {
  const slash = reference.indexOf('/')
  const within = slash < 0 ? namespace : reference.slice(0, slash)
  const name = reference.slice(slash + 1)
  const claim = ['persistentvolumeclaim', name, ...(within === undefined ? [] : [`--namespace=${within}`])]
  const { spec } = await kubectl.get<Claim>(...claim)
  if (spec.volumeName !== undefined) return spec.volumeName
  throw new Error(`claim "${reference}" has no volume yet`)
}
