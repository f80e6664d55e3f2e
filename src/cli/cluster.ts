import type { Logger } from 'pino'
import { KubeletRegistration } from '../csi/registration.ts'

/** What a node has in a cluster beside its CSI socket; nothing of it is needed without one. */
export interface ClusterConfig {
  /** The kubelet's directory of plugin sockets, by one of which the driver registers. */
  readonly registrationDir?: string | undefined
  /** The CSI socket as the kubelet sees it. */
  readonly kubeletEndpoint?: string | undefined
}

export interface ClusterDependencies {
  readonly endpoint: string
  readonly driverName: string
  readonly log: Logger
}

/** To be called when the CSI socket serves. @returns what takes the node out of the cluster again */
export async function joinCluster(config: ClusterConfig, on: ClusterDependencies): Promise<AsyncDisposable> {
  await using joined = new AsyncDisposableStack()
  if (config.registrationDir !== undefined) {
    const registration = new KubeletRegistration(
      {
        directory: config.registrationDir,
        driverName: on.driverName,
        endpoint: config.kubeletEndpoint ?? on.endpoint,
      },
      on.log,
    )
    joined.defer(() => registration.stop())
    await registration.start()
  }
  return joined.move()
}
