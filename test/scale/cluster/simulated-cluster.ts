import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { DriverProcess } from '../../harness/driver-process.ts'
import { Authority, controllerName } from '../../support/certificates.ts'
import { chartLimits } from '../../support/chart-limits.ts'
import { kubeConfigFor } from '../../support/cluster-objects.ts'
import type { ApiSpec, ApiState } from './api-process.ts'
import type { Behaviour } from './behaviour.ts'
import { Child } from './child.ts'
import type { NodePorts, NodesSpec } from './nodes-process.ts'
import { nameOfNode, volumesOn, type Shape } from './shape.ts'

const LOOK_EVERY_MS = 100

/** Nodes and an API server in memory, to which routers are started. */
export class SimulatedCluster implements AsyncDisposable {
  readonly shape: Shape
  readonly behaviours: readonly Behaviour[]
  readonly #directory: string
  readonly #main: string
  readonly #api: Child<ApiState>
  readonly #resources: AsyncDisposableStack
  #routers = 0

  private constructor(
    { shape, behaviours, directory, main }: ClusterSpec,
    api: Child<ApiState>,
    resources: AsyncDisposableStack,
  ) {
    this.shape = shape
    this.behaviours = behaviours
    this.#directory = directory
    this.#main = main
    this.#api = api
    this.#resources = resources
  }

  static async start(spec: ClusterSpec): Promise<SimulatedCluster> {
    const { shape, behaviours, directory } = spec
    await using resources = new AsyncDisposableStack()
    const authority = await Authority.make(join(directory, 'authority'))
    const tlsDir = await authority.issue(join(directory, 'tls-node'))
    await authority.issue(join(directory, 'tls-controller'), { name: controllerName })
    const nodes = behaviours.map((behaviour, index) => ({
      name: nameOfNode(index),
      volumes: volumesOn(index, shape),
      behaviour,
    }))
    const ofNodes: NodesSpec = { tlsDir, nodes }
    const { answer } = resources.use(await Child.start<NodePorts>('nodes-process.ts', ofNodes))
    const ofApi: ApiSpec = { shape, ports: answer.ports }
    const api = resources.use(await Child.start<ApiState>('api-process.ts', ofApi))
    await writeFile(join(directory, 'kubeconfig'), kubeConfigFor(api.answer.url))
    return new SimulatedCluster(spec, api, resources.move())
  }

  /**
   * Starts the router, with the limits that the chart and the image give it.
   * @param reconcileInterval as `--reconcile-interval` has it
   */
  async startRouter(reconcileInterval: string): Promise<DriverProcess> {
    const { flags } = await chartLimits('controller')
    const args = [
      ...['controller', '--service', 'storage/nodes', '--tls-dir', join(this.#directory, 'tls-controller')],
      ...['--reconcile-interval', reconcileInterval, '--release-lost-nodes'],
    ]
    const environment = { KUBECONFIG: join(this.#directory, 'kubeconfig') }
    const directory = join(this.#directory, `router-${this.#routers++}`)
    return await DriverProcess.serve(this.#main, directory, args, { flags, environment })
  }

  /** Waits until a router has read all PersistentVolumes so many times more. */
  async compared(times: number, signal: AbortSignal): Promise<void> {
    const count = async (): Promise<number> => (await this.#api.ask<ApiState>({})).comparisons
    const end = (await count()) + times
    while ((await count()) < end) await setTimeout(LOOK_EVERY_MS, undefined, { signal })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync()
  }
}

export interface ClusterSpec {
  readonly shape: Shape
  /** Of each node. */
  readonly behaviours: readonly Behaviour[]
  /** For certificates and logs. */
  readonly directory: string
  /** The driver's main file. */
  readonly main: string
}
