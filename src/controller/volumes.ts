import { controllerGetCapabilities } from '../csi/controller.ts'
import { isAnswer } from '../csi/errors.ts'
import type { ControllerDefinition } from '../csi/generated/csi/v1/Controller.ts'
import type { CreateVolumeRequest } from '../csi/generated/csi/v1/CreateVolumeRequest.ts'
import type { Handlers } from '../csi/protocol.ts'
import { KeyedLock } from '../volumes/concurrency/keyed-lock.ts'
import { issueOf } from '../volumes/issues/catalogue.ts'
import { messageOf, VolumeError } from '../volumes/model/errors.ts'
import { capacityOf } from './capacity.ts'
import type { ClusterContext, ObjectRef, ReportNotice } from './cluster-ports.ts'
import { Attempts, createVolume } from './create-volume.ts'
import type { NodeDirectory } from './directory.ts'
import { PAGE_MS, pageAcross, toNodeOf, unlessOnLostNode } from './forward.ts'

const volumeId = (request: { readonly volumeId: string }): string => request.volumeId

/** The volume RPCs of CSI's Controller service, by calls of the same methods on nodes. */
export function volumeRoutes(
  nodes: NodeDirectory,
  { report, isOnLostNode, clusterUid, nodesForPods }: ClusterContext,
): Handlers<ControllerDefinition> {
  const creations = { nodes, locks: new KeyedLock(), attempts: new Attempts(), nodesForPods }
  return {
    controllerGetCapabilities,

    createVolume: (request, signal, deadline) =>
      reportingToClaim(report, request, () =>
        createVolume(creations, withClusterUid(request, clusterUid()), { signal, deadline }),
      ),

    deleteVolume: unlessOnLostNode(
      isOnLostNode,
      volumeId,
      toNodeOf(nodes, volumeId, ({ controller }) => controller.deleteVolume),
    ),
    validateVolumeCapabilities: toNodeOf(
      nodes,
      volumeId,
      ({ controller }) => controller.validateVolumeCapabilities,
    ),
    controllerGetVolume: toNodeOf(nodes, volumeId, ({ controller }) => controller.controllerGetVolume),
    controllerExpandVolume: toNodeOf(nodes, volumeId, ({ controller }) => controller.controllerExpandVolume),
    controllerModifyVolume: toNodeOf(nodes, volumeId, ({ controller }) => controller.controllerModifyVolume),
    controllerGetVolumeHealth: toNodeOf(
      nodes,
      volumeId,
      ({ controller }) => controller.controllerGetVolumeHealth,
    ),
    getCapacity: (request, signal, deadline) => capacityOf(nodes, request, { signal, deadline }),

    listVolumes: (request, signal, deadline) =>
      pageAcross(nodes.all(), request, (node, page) =>
        node.ask(
          { signal, deadline },
          ({ controller }, options) => controller.listVolumes(page, options),
          PAGE_MS,
        ),
      ),

    controllerListVolumeHealth: (request, signal, deadline) =>
      pageAcross(nodes.all(), request, (node, page) =>
        node.ask(
          { signal, deadline },
          ({ controller }, options) => controller.controllerListVolumeHealth(page, options),
          PAGE_MS,
        ),
      ),
  }
}

/**
 * Nodes store parameters with this prefix without interpreting them, and csi-provisioner refuses them in a
 * StorageClass, so a user can neither forge nor omit this one.
 */
const CLUSTER_UID_PARAMETER = 'csi.storage.k8s.io/cluster-uid'

/** @param clusterUid undefined: unknown; such a volume is never deleted as an orphaned one */
function withClusterUid(request: CreateVolumeRequest, clusterUid: string | undefined): CreateVolumeRequest {
  if (clusterUid === undefined) return request
  return { ...request, parameters: { ...request.parameters, [CLUSTER_UID_PARAMETER]: clusterUid } }
}

/** Creates a volume, and reports an event on its claim when no node has space for it. */
export async function reportingToClaim<T>(
  report: ReportNotice,
  request: CreateVolumeRequest,
  create: () => Promise<T>,
): Promise<T> {
  try {
    return await create()
  } catch (error) {
    const about = claimOf(request)
    const reason = reasonOf(error)
    if (about && reason !== undefined) report({ about, ...issueOf(reason, { message: messageOf(error) }) })
    throw error
  }
}

function reasonOf(error: unknown): 'NoRoom' | 'SourceOnOtherNode' | undefined {
  const isOfNode = (answer: unknown): boolean => isAnswer(answer, 'RESOURCE_EXHAUSTED')
  if (isOfNode(error) || (Error.isError(error) && isOfNode(error.cause))) return 'NoRoom'
  // The router itself refuses only a copy on another node than its source's.
  const isOfRouter = error instanceof VolumeError && error.kind === 'resource-exhausted'
  return isOfRouter ? 'SourceOnOtherNode' : undefined
}

/** csi-provisioner passes the claim (--extra-create-metadata), and names the volume after the claim's uid. */
function claimOf({ name, parameters }: CreateVolumeRequest): ObjectRef | undefined {
  const claim = parameters['csi.storage.k8s.io/pvc/name']
  const namespace = parameters['csi.storage.k8s.io/pvc/namespace']
  const [, uid] = /^pvc-([0-9a-f-]{36})$/.exec(name) ?? []
  if (claim === undefined || namespace === undefined || uid === undefined) return undefined
  return { kind: 'PersistentVolumeClaim', namespace, name: claim, uid }
}
