import type { Logger } from 'pino'
import { controllerService } from '../../csi/controller.ts'
import { groupControllerService } from '../../csi/group-controller.ts'
import { identityService } from '../../csi/identity.ts'
import { nodeService } from '../../csi/node.ts'
import { csi } from '../../csi/protocol.ts'
import { CsiServer, GRACE_MS } from '../../csi/server.ts'
import { snapshotMetadataService } from '../../csi/snapshots.ts'
import { forControllerOnly } from '../../csi/tls.ts'
import { NodeTopology } from '../../csi/topology.ts'
import { countDevices } from '../../linux/loop/inventory.ts'
import { preflight } from '../../linux/preflight/preflight.ts'
import { assembleNode, type BackgroundWork, type LoopNode, type NodeConfig } from '../../volumes/assemble.ts'
import { describeFinding } from '../../volumes/issues/catalogue.ts'
import { together } from '../../volumes/model/observer.ts'
import type { PoolConfig } from '../../volumes/model/pool-config.ts'
import { MetadataReader } from '../../volumes/snapshots/metadata-reader.ts'
import { knownPoolsPath, mountsPath } from '../node/config.ts'
import { openDriverMachine } from '../node/linux-machine.ts'
import { version } from '../terminal/version.ts'
import { joinCluster, listenRemotely, type ClusterConfig, type RemoteConfig } from './cluster.ts'
import { makeLog, startTracing, type LogConfig, type TracingOptions } from './telemetry.ts'

/** When calls that do not return are given up: one second after running calls have been cancelled. */
const GIVE_UP_MS = GRACE_MS + 1000

export interface DriverConfig extends ClusterConfig, LogConfig, TracingOptions {
  readonly endpoint: string
  /** Absolute. */
  readonly dataDir: string
  readonly nodeId: string
  readonly driverName: string
  readonly maxVolumes: number
  readonly pools: readonly PoolConfig[]
  /** How often volumes with `discard: periodic` are trimmed; 0: never. */
  readonly trimIntervalMs: number
  readonly remote: RemoteConfig | undefined
}

export interface RunningDriver {
  /** Ends the running calls, removes the socket, and closes the pools. */
  stop(reason: string): Promise<void>
}

/**
 * Builds the machine and the node, and serves.
 * @param stopping ends the start while pools are being opened, for a process that ends at once afterwards
 * @throws when it cannot serve; the signal's reason
 */
export async function startDriver(config: DriverConfig, stopping: AbortSignal): Promise<RunningDriver> {
  const log = makeLog(config, { node: config.nodeId })
  await using resources = new AsyncDisposableStack()
  const monitoring = config.http && new (await import('../../monitoring/roles.ts')).NodeMonitoring(version)
  const tracing = resources.use(await startTracing(config, { 'k8s.node.name': config.nodeId }, log))
  const observer = together([monitoring?.observer ?? [], tracing ?? []].flat())
  const { findings, unavailable } = await preflight(config.registrationDir)
  for (const finding of findings) {
    log[finding.severity === 'error' ? 'error' : 'warn']({ reason: finding.reason }, describeFinding(finding))
  }
  const machine = resources.use(await openDriverMachine(config.dataDir, unavailable, log))
  const node = resources.use(await assembleNode(machine, nodeConfigOf(config), observer, log, stopping))
  const background = resources.use(node.startSchedules())
  const checkHealth = (): Promise<string[]> => checkPools(node)
  monitoring?.watch({ ...node, countDevices })
  const metrics = monitoring?.metrics
  const watch = { observe: metrics?.observe, tracer: tracing }
  const server = new CsiServer(log, watch)
  const remote = new CsiServer(log, watch, forControllerOnly)
  for (const each of [server, remote]) addControllerServices(each, node, config)
  addNodeService(server, node, config)
  resources.defer(async () => {
    await Promise.all([server.stop(), remote.stop()])
  })
  await server.listen(config.endpoint)
  if (config.remote) resources.use(await listenRemotely(remote, config.remote, metrics, log))
  const { driverName, endpoint } = config
  resources.use(await joinCluster(config, { endpoint, driverName, findings, checkHealth, metrics, log }))
  const { open } = node.pools
  const volumes = open.reduce((count, pool) => count + pool.volumes.size, 0)
  const names = open.map(({ name }) => name)
  log.info({ endpoint, driver: driverName, version, pools: names, volumes }, 'serving')
  return running(resources.move(), node, background, log)
}

function nodeConfigOf({ dataDir, nodeId, pools, trimIntervalMs }: DriverConfig): NodeConfig {
  return {
    nodeId,
    pools,
    trimIntervalMs,
    knownPoolsPath: knownPoolsPath(dataDir),
    mountsPath: mountsPath(dataDir),
  }
}

/** The services that the router calls. */
export function addControllerServices(
  server: CsiServer,
  node: LoopNode,
  { driverName, nodeId }: Pick<DriverConfig, 'driverName' | 'nodeId'>,
): void {
  const { Identity, Controller, GroupController, SnapshotMetadata } = csi()
  const topology = new NodeTopology(driverName, nodeId)
  server.add(Identity, identityService({ driverName, version, checkHealth: () => checkPools(node) }))
  server.add(Controller, controllerService({ node, topology }))
  server.add(GroupController, groupControllerService({ node, topology }))
  server.add(SnapshotMetadata, snapshotMetadataService(new MetadataReader(node.catalog, node.copier)))
}

/** The service that only the kubelet calls. */
export function addNodeService(
  server: CsiServer,
  node: LoopNode,
  { driverName, nodeId, maxVolumes }: Pick<DriverConfig, 'driverName' | 'nodeId' | 'maxVolumes'>,
): void {
  const topology = new NodeTopology(driverName, nodeId)
  server.add(csi().Node, nodeService({ node, maxVolumes, topology }))
}

/** @returns why pools cannot be used, one by one. @throws VolumeError unavailable when none can be used */
async function checkPools({ storageHealth }: LoopNode): Promise<string[]> {
  return (await storageHealth.requireSomePool()).map(({ message }) => message)
}

function running(
  resources: AsyncDisposableStack,
  node: LoopNode,
  background: BackgroundWork,
  log: Logger,
): RunningDriver {
  return {
    async stop(reason) {
      setTimeout(() => void node.giveUp(), GIVE_UP_MS).unref()
      // Before the servers, which wait for calls that wait for a job or for background work.
      void node.jobs.stop()
      background.cancel()
      log.info({ reason }, 'stopping')
      await resources.disposeAsync()
      log.info('stopped')
    },
  }
}
