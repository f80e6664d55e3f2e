import { expiryReason, type Validity } from '../../csi/certificates.ts'
import { isAnswer } from '../../csi/errors.ts'
import type { VolumeHealth } from '../../csi/generated/csi/v1/VolumeHealth.ts'
import { sideBySide } from '../../volumes/concurrency/side-by-side.ts'
import { issueOf } from '../../volumes/issues/catalogue.ts'
import { nodeHashOf } from '../../volumes/model/ids.ts'
import type { ClusterVolume, Notice, ObjectRef } from '../cluster-ports.ts'
import type { Caller, RemoteNode } from '../remote-node.ts'
import type { OrphanedVolume } from './mismatches.ts'
import type { NodeVolumes } from './node-volumes.ts'

/** Concurrent calls to one node: 300 calls without an answer take 5 times the timeout of one. */
const AT_ONCE = 64

/** Time limit for all calls to one node. Later rounds call for the remaining volumes. */
const NODE_MS = 30_000

/** The issues of the volumes that claims are bound to, on the nodes that answer. */
export async function noticesOfHealth(
  onNodes: readonly NodeVolumes[],
  volumes: readonly ClusterVolume[],
  signal: AbortSignal,
): Promise<Notice[]> {
  const known = new Map(onNodes.flatMap((one) => one.volumes).map((health) => [health.volumeId, health]))
  const nodes = new Map(onNodes.map(({ node }) => [node.hash, node]))
  const bound = volumes.filter(({ claim }) => claim)
  const unlisted = Map.groupBy(
    bound.filter(({ volumeId }) => !known.has(volumeId)),
    ({ volumeId }) => nodes.get(nodeHashOf(volumeId) ?? ''),
  )
  const asked = await Promise.all(
    [...unlisted].map(async ([node, ofNode]) => (node ? noticesOfUnlisted(node, ofNode, signal) : [])),
  )
  const found = new Map(asked.flatMap((ofNode) => [...ofNode]))
  return bound.flatMap((volume) => {
    const health = known.get(volume.volumeId)
    return health ? healthNotices(volume, health) : (found.get(volume.volumeId) ?? [])
  })
}

/** Volumes that their node has not listed: in an unreachable pool, deleted, or created since. */
async function noticesOfUnlisted(
  node: RemoteNode,
  volumes: readonly ClusterVolume[],
  signal: AbortSignal,
): Promise<Map<string, Notice[]>> {
  const found = new Map<string, Notice[]>()
  const end = AbortSignal.timeout(NODE_MS)
  const caller = { signal: AbortSignal.any([signal, end]), deadline: undefined }
  await sideBySide(inRandomOrder(volumes), AT_ONCE, async (volume) => {
    if (caller.signal.aborted) return
    found.set(volume.volumeId, await noticesOf(volume, node, caller))
  })
  signal.throwIfAborted()
  return found
}

async function noticesOf(volume: ClusterVolume, node: RemoteNode, caller: Caller): Promise<Notice[]> {
  const { volumeId } = volume
  try {
    const { volumeHealth } = await node.ask(caller, ({ controller }, options) =>
      controller.controllerGetVolumeHealth({ volumeId }, options),
    )
    return volumeHealth ? healthNotices(volume, volumeHealth) : []
  } catch (error) {
    if (isAnswer(error, 'NOT_FOUND')) return [missingNotice(volume, node.name)]
    // Calls for the volume report the error.
    return []
  }
}

/** Random, so that a timeout does not always skip the same volumes. */
function inRandomOrder<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}

/** How many orphaned volumes a notice lists. */
const MAX_LISTED = 10

export function healthNotices({ claim, volume }: ClusterVolume, { healthStatuses }: VolumeHealth): Notice[] {
  return healthStatuses.map(({ message, reason }) => ({ about: claim ?? volume, reason, message }))
}

export function missingNotice({ claim, volume, volumeId }: ClusterVolume, nodeName: string): Notice {
  return { about: claim ?? volume, ...issueOf('VolumeMissing', { volumeId, node: nodeName }) }
}

export function lostNotice({ claim, nodeName = '', volume, volumeId }: ClusterVolume): Notice {
  return { about: claim ?? volume, ...issueOf('NodeLost', { volumeId, node: nodeName }) }
}

/** One notice per node that has orphaned volumes. */
export function orphanNotices(orphans: readonly OrphanedVolume[]): Notice[] {
  const byNode = Map.groupBy(orphans, ({ node }) => node.name)
  return [...byNode].map(([name, ofNode]) => {
    const ids = ofNode.map(({ volumeId }) => volumeId).sort()
    const listed = ids.slice(0, MAX_LISTED)
    return {
      about: nodeRef(name),
      ...issueOf('OrphanedVolumes', { listed, more: ids.length - listed.length }),
    }
  })
}

/** Notices of certificates that expire soon or have expired. @param about the object that has them */
export function certificateNotices(about: ObjectRef, validities: readonly Validity[], now: Date): Notice[] {
  return validities.flatMap((validity) => {
    const reason = expiryReason(validity, now)
    return reason === undefined ? [] : [{ about, ...issueOf(reason, validity) }]
  })
}

/** Notices of the certificates of the nodes. */
export function nodeCertificateNotices(nodes: readonly RemoteNode[], now: Date): Notice[] {
  return nodes.flatMap(({ name, certificate }) =>
    certificate ? certificateNotices(nodeRef(name), [certificate], now) : [],
  )
}

/** The kubelet's events also use the node's name as its uid. */
function nodeRef(name: string): ObjectRef {
  return { kind: 'Node', namespace: undefined, name, uid: name }
}
