import type { ControllerDefinition } from './generated/csi/v1/Controller.ts'
import type { Handlers } from './protocol.ts'
import { controllerHealthHandlers } from './health.ts'
import { snapshotHandlers } from './snapshots.ts'
import { volumeHandlers, type ControllerDependencies } from './volumes.ts'

const capabilities = [
  'CREATE_DELETE_VOLUME',
  'LIST_VOLUMES',
  'GET_VOLUME',
  'GET_CAPACITY',
  'EXPAND_VOLUME',
  'MODIFY_VOLUME',
  'CLONE_VOLUME',
  'SINGLE_NODE_MULTI_WRITER',
  'CREATE_DELETE_SNAPSHOT',
  'LIST_SNAPSHOTS',
  'GET_SNAPSHOT',
  'GET_VOLUME_HEALTH',
  'LIST_VOLUME_HEALTH',
] as const

/** The same on a node and on the router. */
export const controllerGetCapabilities: Required<
  Handlers<ControllerDefinition>
>['controllerGetCapabilities'] = () => ({
  capabilities: capabilities.map((type) => ({ rpc: { type } })),
})

/** CSI's Controller service for the volumes and snapshots of this node. */
export function controllerService(on: ControllerDependencies): Handlers<ControllerDefinition> {
  return {
    controllerGetCapabilities,
    ...volumeHandlers(on),
    ...snapshotHandlers(on),
    ...controllerHealthHandlers(on.node),
  }
}
