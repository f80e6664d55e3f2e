import { isAnswer } from '../../csi/errors.ts'
import { nodeHashOf } from '../../volumes/model/ids.ts'
import type { Caller, RemoteNode } from '../remote-node.ts'
import { sideBySide } from '../side-by-side.ts'
import { healthNotices, missingNotice } from './notices.ts'
import type { ClusterVolume, Notice } from '../cluster-ports.ts'
import type { NodeSurvey } from './survey.ts'

/**
 * Questions to one node at the same time: 300 volumes that it does not answer for take 5 times a question's
 * timeout.
 */
const AT_ONCE = 64

/**
 * How long the questions to one node may take together, in milliseconds; what is left is asked in a later
 * round.
 */
const NODE_MS = 30_000

/** What is wrong with the volumes that claims are bound to, as far as their nodes answer. */
export async function noticesOfHealth(
  surveys: readonly NodeSurvey[],
  volumes: readonly ClusterVolume[],
  signal: AbortSignal,
): Promise<Notice[]> {
  const known = new Map(surveys.flatMap((one) => one.volumes).map((health) => [health.volumeId, health]))
  const nodes = new Map(surveys.map(({ node }) => [node.hash, node]))
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

/** Those that their node has not listed are in a pool that cannot be reached, or gone, or were made since. */
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
    // The reason is told to callers that need the volume.
    return []
  }
}

/** When time runs out, it must not always be the same ones that are left. */
function inRandomOrder<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
