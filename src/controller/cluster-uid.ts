import type { CreateVolumeRequest } from '../csi/generated/csi/v1/CreateVolumeRequest.ts'

/**
 * Tells the node for which cluster the volume is made. Nodes keep parameters with this prefix without knowing
 * them, and csi-provisioner refuses them in a StorageClass, so that a user can neither forge this one nor
 * forget it.
 */
const PARAMETER = 'csi.storage.k8s.io/cluster-uid'

/** @param clusterUid undefined: unknown; such a volume is never deleted as an orphan */
export function ofCluster(request: CreateVolumeRequest, clusterUid: string | undefined): CreateVolumeRequest {
  if (clusterUid === undefined) return request
  return { ...request, parameters: { ...request.parameters, [PARAMETER]: clusterUid } }
}
