import { snapshotIdFor } from '../../../src/volumes/model/ids.ts'
import {
  csiNode,
  endpointSlice,
  nodeObject,
  persistentVolume,
  snapshotContent,
} from '../../support/cluster-objects.ts'
import { LargeApiServer, type Collection } from '../../support/large-api-server.ts'
import { serveParent } from './child.ts'
import { DRIVER, hasSnapshot, homeOf, idOfVolume, nameOfNode, nameOfVolume, type Shape } from './shape.ts'

/** What the API server of a cluster has. */
export interface ApiSpec {
  readonly shape: Shape
  /** Of each node's driver, in their order. */
  readonly ports: readonly number[]
}

export interface ApiState {
  readonly url: string
  /** How often the router has read all PersistentVolumes. */
  readonly comparisons: number
}

const VOLUMES = '/api/v1/persistentvolumes'

/** The first ones are of this driver. */
function volumeNumbered(index: number, shape: Shape): object {
  const [name, nodeName] = [nameOfVolume(index), homeOf(index, shape)]
  const driver = index < shape.volumes ? DRIVER : 'ebs.csi.aws.com'
  return persistentVolume({ name, driver, volumeHandle: idOfVolume(index, shape), nodeName })
}

function collectionsOf({ shape, ports }: ApiSpec): Record<string, Collection> {
  const snapshots = Array.from({ length: shape.volumes }, (_, index) => index).filter((index) =>
    hasSnapshot(nameOfVolume(index)),
  )
  const content = (volume: number): object => {
    const name = nameOfVolume(volume)
    return snapshotContent(DRIVER, `content-of-${name}`, snapshotIdFor(homeOf(volume, shape), name))
  }
  return {
    [VOLUMES]: { size: shape.persistentVolumes, make: (index) => volumeNumbered(index, shape) },
    '/api/v1/nodes': { size: shape.nodes, make: (index) => nodeObject(nameOfNode(index)) },
    '/apis/storage.k8s.io/v1/csinodes': {
      size: shape.nodes,
      make: (index) => csiNode(nameOfNode(index), DRIVER),
    },
    '/apis/discovery.k8s.io/v1/namespaces/storage/endpointslices': {
      size: shape.nodes,
      make: (index) => endpointSlice(nameOfNode(index), ports[index] ?? 0),
    },
    '/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents': {
      size: snapshots.length,
      make: (index) => content(snapshots[index] ?? 0),
    },
  }
}

let server: LargeApiServer | undefined
let url = ''

serveParent(async (spec: ApiSpec): Promise<ApiState> => {
  if (!server) {
    const kubeSystem = { metadata: { name: 'kube-system', uid: 'cluster' } }
    server = new LargeApiServer(collectionsOf(spec), { '/api/v1/namespaces/kube-system': kubeSystem })
    url = await server.listen()
  }
  return { url, comparisons: server.lists.get(VOLUMES) ?? 0 }
})
