import { isAnswer } from '../../csi/errors.ts'
import { nodeHashOf } from '../../volumes/ids.ts'
import type { RemoteNode } from '../remote-node.ts'
import { healthNotices, missingNotice } from './notices.ts'
import type { ClusterVolume, Notice } from './ports.ts'
import type { NodeSurvey } from './survey.ts'

/** So long a node may take to say what is wrong with one volume. */
const PATIENCE_MS = 10_000

/** What is wrong with the volumes that claims are bound to, as far as their nodes answer. */
export async function noticesOfHealth(
  surveys: readonly NodeSurvey[],
  volumes: readonly ClusterVolume[],
  signal: AbortSignal,
): Promise<Notice[]> {
  const known = new Map(surveys.flatMap((one) => one.volumes).map((health) => [health.volumeId, health]))
  const nodes = new Map(surveys.map(({ node }) => [node.hash, node]))
  const notices: Notice[] = []
  for (const volume of volumes.filter(({ claim }) => claim)) {
    const health = known.get(volume.volumeId)
    const node = nodes.get(nodeHashOf(volume.volumeId) ?? '')
    if (health) notices.push(...healthNotices(volume, health))
    else if (node) notices.push(...(await noticesOfUnlisted(volume, node, signal)))
  }
  return notices
}

/** One that its node has not listed is in a pool that cannot be reached, or gone, or was made since. */
async function noticesOfUnlisted(
  volume: ClusterVolume,
  node: RemoteNode,
  signal: AbortSignal,
): Promise<Notice[]> {
  const { volumeId } = volume
  try {
    const { volumeHealth } = await node.call(
      { signal, deadline: Date.now() + PATIENCE_MS },
      ({ controller }, options) => controller.controllerGetVolumeHealth({ volumeId }, options),
    )
    return volumeHealth ? healthNotices(volume, volumeHealth) : []
  } catch (error) {
    if (isAnswer(error, 'NOT_FOUND')) return [missingNotice(volume, node.name)]
    // It says so to whoever asks for the volume.
    return []
  }
}
