import { controllerGetCapabilities } from '../csi/controller.ts'
import type { ControllerDefinition } from '../csi/generated/csi/v1/Controller.ts'
import type { Handlers } from '../csi/handlers.ts'
import { KeyedLock } from '../volumes/concurrency/keyed-lock.ts'
import { Attempts } from './attempts.ts'
import { capacityOf } from './capacity.ts'
import { tellingClaim } from './claim-notices.ts'
import { createVolume } from './create-volume.ts'
import { ofCluster } from './cluster-uid.ts'
import type { NodeDirectory } from './directory.ts'
import { toNodeOf, unlessGone } from './forward.ts'
import { PAGE_MS, pageAcross } from './pages.ts'
import type { Surroundings } from './surroundings.ts'

const volumeId = (request: { readonly volumeId: string }): string => request.volumeId

/** The part of CSI's Controller service that is about volumes, by calls of the same methods on nodes. */
export function volumeRoutes(
  nodes: NodeDirectory,
  { tell, isGone, clusterUid, nodesForPods }: Surroundings,
): Handlers<ControllerDefinition> {
  const creations = { nodes, locks: new KeyedLock(), attempts: new Attempts(), nodesForPods }
  return {
    controllerGetCapabilities,

    createVolume: (request, signal, deadline) =>
      tellingClaim(tell, request, () =>
        createVolume(creations, ofCluster(request, clusterUid()), { signal, deadline }),
      ),

    deleteVolume: unlessGone(
      isGone,
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
