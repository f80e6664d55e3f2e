import { join } from 'node:path'
import pino, { type Logger } from 'pino'
import { controllerService } from '../csi/controller.ts'
import { groupControllerService } from '../csi/group-controller.ts'
import { identityService } from '../csi/identity.ts'
import { nodeService } from '../csi/node.ts'
import { csi } from '../csi/protocol.ts'
import { CsiServer } from '../csi/server.ts'
import { snapshotMetadataService } from '../csi/snapshot-metadata.ts'
import { NodeTopology } from '../csi/topology.ts'
import { LinuxImageCopier } from '../linux/copy/image-copier.ts'
import { LinuxFileSystems } from '../linux/filesystems/index.ts'
import { LinuxImageFiles } from '../linux/image-files.ts'
import { LoopControl } from '../linux/loop/control.ts'
import { LinuxLoopDevices } from '../linux/loop/loop-devices.ts'
import { LinuxWriteTracer } from '../linux/trace/write-tracer.ts'
import { LinuxMounts } from '../linux/mounts.ts'
import { Catalog } from '../volumes/catalog.ts'
import { isId } from '../volumes/ids.ts'
import { Jobs } from '../volumes/jobs.ts'
import { KeyedLock } from '../volumes/keyed-lock.ts'
import { Modifier } from '../volumes/modifier.ts'
import { EphemeralVolumes } from '../volumes/node/ephemeral.ts'
import { NodeGrowth } from '../volumes/node/growth.ts'
import { Trimmer } from '../volumes/node/trimmer.ts'
import { NodeUsage } from '../volumes/node/usage.ts'
import { Pool, type PoolConfig } from '../volumes/pool/pool.ts'
import { Provisioner } from '../volumes/provisioner.ts'
import { Publisher } from '../volumes/node/publisher.ts'
import { Stager } from '../volumes/node/stager.ts'
import { Schedule } from '../volumes/schedule.ts'
import { Cutter } from '../volumes/snapshots/cutter.ts'
import { GroupSnapshotter } from '../volumes/snapshots/group-snapshotter.ts'
import { MetadataReader } from '../volumes/snapshots/metadata-reader.ts'
import { Restorer } from '../volumes/snapshots/restorer.ts'
import { thawLeftFrozen } from '../volumes/snapshots/thaw.ts'
import { Snapshotter } from '../volumes/snapshots/snapshotter.ts'
import { joinCluster, type ClusterConfig } from './cluster.ts'
import type { Address } from './options.ts'
import { version } from './version.ts'

export interface DriverConfig extends ClusterConfig {
  readonly endpoint: string
  /** Absolute. */
  readonly dataDir: string
  readonly nodeId: string
  readonly driverName: string
  readonly maxVolumes: number
  readonly pools: readonly PoolConfig[]
  /** How often volumes are trimmed that want it; 0: never. */
  readonly trimIntervalMs: number
  /** Where the controller role reaches this node. */
  readonly remote: { readonly listen: Address; readonly tlsDir: string } | undefined
  readonly logLevel: string
}

export interface RunningDriver {
  /** Finishes what runs, removes the socket, and lets go of the pools. */
  stop(reason: string): Promise<void>
}

/** Puts the real things together, brings the machine's state in order, and serves. @throws when it cannot serve */
export async function startDriver(config: DriverConfig): Promise<RunningDriver> {
  const log = pino({ level: config.logLevel, base: { node: config.nodeId } })
  await using resources = new AsyncDisposableStack()
  const files = new LinuxImageFiles()
  const mounts = new LinuxMounts()
  const fileSystems = new LinuxFileSystems()
  const loops = new LinuxLoopDevices(resources.use(await LoopControl.open()))
  const pools: Pool[] = []
  for (const pool of config.pools) pools.push(resources.use(await Pool.open(pool, files, log)))
  for (const { name, device } of await loops.recover(isId)) {
    log.warn(
      { volume: name, device: device.path },
      'detached a device that was left of a volume that is gone',
    )
  }
  await thawLeftFrozen({ pools, loops, mounts, log })

  const { nodeId, driverName, maxVolumes } = config
  const topology = new NodeTopology(driverName, nodeId)
  const catalog = new Catalog(nodeId, pools)
  const locks = new KeyedLock()
  const jobs = resources.use(new Jobs())
  const copier = new LinuxImageCopier()
  const tracer = await LinuxWriteTracer.open(join(config.dataDir, 'trace'))
  if (tracer) resources.use(tracer)
  const cutter = new Cutter({ catalog, locks, loops, mounts, copier, tracer, log })
  const restorer = new Restorer({ catalog, locks, files, fileSystems, copier, cutter })
  const provisioner = new Provisioner({ nodeId, catalog, locks, jobs, files, loops, fileSystems, restorer })
  const modifier = new Modifier({ catalog, locks, files, loops, mounts })
  const onSnapshots = { nodeId, catalog, locks, jobs, cutter }
  const snapshotter = new Snapshotter(onSnapshots)
  const groupSnapshotter = new GroupSnapshotter(onSnapshots)
  await groupSnapshotter.removeHalves(new AbortController().signal)
  const onNode = { catalog, locks, files, loops, mounts, fileSystems }
  const trimmer = new Trimmer(onNode, log)
  const ephemeral = new EphemeralVolumes(onNode, provisioner, log)
  await ephemeral.sweep(new AbortController().signal)
  const checkHealth = async (): Promise<void> => {
    await Promise.all(pools.map((pool) => pool.space.usage()))
  }

  const server = new CsiServer(log)
  const { Identity, Controller, GroupController, SnapshotMetadata, Node } = csi()
  server.add(Identity, identityService({ driverName, version, checkHealth }))
  server.add(Controller, controllerService({ catalog, provisioner, modifier, snapshotter, topology }))
  server.add(GroupController, groupControllerService({ groupSnapshotter, topology }))
  server.add(SnapshotMetadata, snapshotMetadataService(new MetadataReader(catalog, copier)))
  server.add(
    Node,
    nodeService({
      nodeId,
      maxVolumes,
      topology,
      catalog,
      ephemeral,
      stager: new Stager(onNode),
      publisher: new Publisher(onNode),
      growth: new NodeGrowth(onNode, provisioner),
      usage: new NodeUsage(onNode),
    }),
  )
  await server.listen(config.endpoint)
  resources.use(server)
  resources.use(await joinCluster(config, { endpoint: config.endpoint, driverName, log }))
  // Stopped before the services, because calls may wait for what works in the background.
  for (const pool of config.trimIntervalMs > 0 ? pools : []) {
    resources.use(new Schedule(config.trimIntervalMs, (signal) => trimmer.trim(pool, signal), log))
  }
  const volumes = pools.reduce((count, pool) => count + pool.volumes.size, 0)
  log.info(
    { endpoint: config.endpoint, driver: driverName, version, pools: pools.map(({ name }) => name), volumes },
    'serving',
  )
  return running(resources.move(), log)
}

function running(resources: AsyncDisposableStack, log: Logger): RunningDriver {
  return {
    async stop(reason) {
      log.info({ reason }, 'stopping')
      await resources.disposeAsync()
      log.info('stopped')
    },
  }
}
