import type { VolumeHealth } from '../../src/csi/generated/csi/v1/VolumeHealth.ts'
import type { TestNode } from './driver.ts'
import type { TestVolume } from './volume.ts'

/** `DATA_LOSS ImageMissing`: the complaints of a volume, without their sentences. */
export function complaints(health: VolumeHealth | null): string[] {
  return (health?.healthStatuses ?? []).map(({ status, reason }) => `${status} ${reason}`)
}

/** What the Controller service complains about. */
export async function healthOnDisk(node: TestNode, volumeId: string): Promise<string[]> {
  const { volumeHealth } = await node.client.controller.controllerGetVolumeHealth({ volumeId })
  return complaints(volumeHealth)
}

/** What the Node service complains about, with the volume where the CO believes it to be. */
export async function healthOnNode(node: TestNode, volume: TestVolume, pod?: string): Promise<string[]> {
  const { volumeHealth } = await node.client.node.nodeGetVolumeHealth({
    volumeId: volume.id,
    stagingTargetPath: volume.staging,
    volumePublishPath: pod === undefined ? '' : volume.target(pod),
  })
  return complaints(volumeHealth)
}

/** `STORAGE_DEGRADED PoolNearlyFull`, for all pools. */
export async function storageHealth(node: TestNode): Promise<string[]> {
  const { backendHealth } = await node.client.node.nodeGetStorageHealth({})
  return backendHealth.map(({ status, reason }) => `${status} ${reason}`)
}
