import { join } from 'node:path'
import type { Logger } from 'pino'
import { controllerService } from '../../csi/controller.ts'
import { groupControllerService } from '../../csi/group-controller.ts'
import { identityService } from '../../csi/identity.ts'
import { nodeService } from '../../csi/node.ts'
import { csi } from '../../csi/protocol.ts'
import { CsiServer } from '../../csi/server.ts'
import { forControllerOnly } from '../../csi/tls-server.ts'
import { snapshotMetadataService } from '../../csi/snapshot-metadata.ts'
import { NodeTopology } from '../../csi/topology.ts'
import { LinuxImageCopier } from '../../linux/images/image-copier.ts'
import { LinuxFileSystems } from '../../linux/filesystems/index.ts'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { LoopControl } from '../../linux/loop/control.ts'
import { DeviceNodes } from '../../linux/loop/device-nodes.ts'
import { countDevices } from '../../linux/loop/inventory.ts'
import { LinuxLoopDevices } from '../../linux/loop/loop-devices.ts'
import { SpareNodes } from '../../linux/loop/spare-nodes.ts'
import { preflight } from '../../linux/preflight/preflight.ts'
import { LinuxWriteTracer } from '../../linux/trace/write-tracer.ts'
import { askFileSystem, mountIdUnder } from '../../linux/mountinfo/mount-under.ts'
import { LinuxMounts } from '../../linux/mount/mounts.ts'
import { Catalog } from '../../volumes/pool/catalog.ts'
import { describeFinding } from '../../volumes/health/finding.ts'
import { StorageHealth } from '../../volumes/health/storage-health.ts'
import { VolumeHealth } from '../../volumes/health/volume-health.ts'
import { Jobs } from '../../volumes/concurrency/jobs.ts'
import { KeyedLock } from '../../volumes/concurrency/keyed-lock.ts'
import { Modifier } from '../../volumes/operations/modifier.ts'
import { EphemeralVolumes } from '../../volumes/operations/ephemeral.ts'
import { NodeGrowth } from '../../volumes/operations/growth.ts'
import { Leaks } from '../../volumes/operations/leaks.ts'
import { Trimmer } from '../../volumes/operations/trimmer.ts'
import { NodeUsage } from '../../volumes/operations/usage.ts'
import { observed } from '../../volumes/machine/observed.ts'
import { together } from '../../volumes/model/observer.ts'
import { gatedPorts } from '../../volumes/pool/gate/gated-ports.ts'
import { Gates } from '../../volumes/pool/gate/gates.ts'
import { ImageMounts } from '../../volumes/pool/image/image-mounts.ts'
import { KnownPools } from '../../volumes/pool/files/pool-identity.ts'
import type { Pool } from '../../volumes/pool/pool.ts'
import { Pools } from '../../volumes/pool/pools.ts'
import { PrivateMounts } from '../../volumes/pool/image/private-mounts.ts'
import { Provisioner } from '../../volumes/operations/provisioner.ts'
import { Publisher } from '../../volumes/operations/publisher.ts'
import { Stager } from '../../volumes/operations/stager.ts'
import { Schedule } from '../../volumes/concurrency/schedule.ts'
import { Cutter } from '../../volumes/snapshots/cutter.ts'
import { GroupSnapshotter } from '../../volumes/snapshots/group-snapshotter.ts'
import { MetadataReader } from '../../volumes/snapshots/metadata-reader.ts'
import { Restorer } from '../../volumes/snapshots/restorer.ts'
import { thawLeftFrozen } from '../../volumes/snapshots/thaw.ts'
import { Snapshotter } from '../../volumes/snapshots/snapshotter.ts'
import { joinCluster, type ClusterConfig } from './cluster.ts'
import { listenRemotely, type RemoteConfig } from './remote.ts'
import { knownPoolsPath, mountsPath } from '../node/config.ts'
import { makeLog, startTracing, type LogConfig, type TracingOptions } from './telemetry.ts'
import { version } from '../terminal/version.ts'
import type { PoolConfig } from '../../volumes/model/pool-config.ts'

export interface DriverConfig extends ClusterConfig, LogConfig, TracingOptions {
  readonly endpoint: string
  /** Absolute. */
  readonly dataDir: string
  readonly nodeId: string
  readonly driverName: string
  readonly maxVolumes: number
  readonly pools: readonly PoolConfig[]
  /** How often volumes are trimmed that want it; 0: never. */
  readonly trimIntervalMs: number
  readonly remote: RemoteConfig | undefined
}

export interface RunningDriver {
  /** Finishes what runs, removes the socket, and lets go of the pools. */
  stop(reason: string): Promise<void>
}

/** How often the machine is looked over for what is left of volumes that are gone, besides at start. */
const LEAKS_INTERVAL_MS = 600_000

/** What libuv has when it is told nothing. */
const LIBUV_THREADS = 4

/** What is begun at start is done to its end. */
const uninterrupted = new AbortController().signal

/**
 * Puts the real things together, brings the machine's state in order, and serves.
 * @throws when it cannot serve
 */
export async function startDriver(config: DriverConfig): Promise<RunningDriver> {
  const log = makeLog(config, { node: config.nodeId })
  await using resources = new AsyncDisposableStack()
  const monitoring =
    config.http && new (await import('../../monitoring/node-monitoring.ts')).NodeMonitoring(version)
  const tracing = resources.use(await startTracing(config, { 'k8s.node.name': config.nodeId }, log))
  const observer = together([monitoring?.observer ?? [], tracing ?? []].flat())
  const linuxMounts = new LinuxMounts()
  const { findings, unavailable } = await preflight(config.registrationDir)
  for (const finding of findings) {
    log[finding.severity === 'error' ? 'error' : 'warn']({ reason: finding.reason }, describeFinding(finding))
  }
  const deviceNodes = new DeviceNodes()
  const control = resources.use(await LoopControl.open(deviceNodes))
  // The kernel itself fills a devtmpfs.
  const isFilled = (await linuxMounts.at('/dev'))?.fsType === 'devtmpfs'
  const spareNodes = isFilled ? undefined : resources.use(await SpareNodes.start(deviceNodes, log))
  const gates = new Gates(config.pools, {
    threads: Number(process.env['UV_THREADPOOL_SIZE'] ?? LIBUV_THREADS),
    probe: askFileSystem,
    mountId: mountIdUnder,
  })
  const gated = gatedPorts(
    {
      files: new LinuxImageFiles(),
      loops: new LinuxLoopDevices(control, deviceNodes, (number) => spareNodes?.request(number + 1)),
      mounts: linuxMounts,
      fileSystems: new LinuxFileSystems(unavailable),
      copier: new LinuxImageCopier(),
    },
    gates,
  )
  const { files } = gated
  const { loops, mounts, fileSystems, copier } = observed(gated, observer)

  const { nodeId, driverName, maxVolumes, dataDir } = config
  const privateMounts = resources.use(new PrivateMounts(mounts, mountsPath(dataDir)))
  const images = new ImageMounts({ files, loops, mounts, fileSystems, privateMounts, log })
  const known = new KnownPools(knownPoolsPath(dataDir))
  const locks = new KeyedLock()
  const thaw = async (pools: readonly Pool[], areAll: boolean): Promise<void> => {
    observer.repaired(
      'frozen_file_system',
      await thawLeftFrozen({ locks, loops, mounts, log }, pools, areAll),
    )
  }
  const pools = resources.use(
    await Pools.open(config.pools, { files, images, known, gates, observer, log, thaw }),
  )
  const leaks = new Leaks(loops, nodeId, observer, log)
  await leaks.sweep()

  const topology = new NodeTopology(driverName, nodeId)
  const catalog = new Catalog(nodeId, pools)
  const tracer = await LinuxWriteTracer.open(join(dataDir, 'trace'))
  if (tracer) resources.use(tracer)
  // After all that they use, so that they end before it.
  const jobs = resources.use(new Jobs())
  const cutter = new Cutter({ catalog, locks, files, loops, mounts, copier, tracer, observer, log })
  const restorer = new Restorer({ catalog, locks, files, fileSystems, copier, cutter })
  const provisioner = new Provisioner({ nodeId, catalog, locks, jobs, files, loops, fileSystems, restorer })
  const modifier = new Modifier({ catalog, locks, files, loops, mounts, log })
  const onSnapshots = { nodeId, catalog, locks, jobs, cutter }
  const snapshotter = new Snapshotter(onSnapshots)
  const groupSnapshotter = new GroupSnapshotter(onSnapshots)
  const onNode = { catalog, locks, files, loops, mounts, fileSystems }
  const trimmer = new Trimmer(onNode, log)
  const ephemeral = new EphemeralVolumes(onNode, provisioner, log)
  await pools.sweepWith(async (opened) => {
    observer.repaired('ephemeral_volume', await ephemeral.sweep(opened, uninterrupted))
    observer.repaired('snapshot_group', await groupSnapshotter.removeHalves(uninterrupted))
  })
  const storageHealth = new StorageHealth(pools)
  const volumeHealth = new VolumeHealth(onNode)
  const checkHealth = async (): Promise<string[]> =>
    (await storageHealth.requireSomePool()).map(({ message }) => message)

  monitoring?.watch({ catalog, storageHealth, volumeHealth, leaks, countDevices })
  const metrics = monitoring?.metrics
  const { Identity, Controller, GroupController, SnapshotMetadata, Node } = csi()
  const metadata = new MetadataReader(catalog, copier)
  const addControllerServices = (server: CsiServer): CsiServer => {
    server.add(Identity, identityService({ driverName, version, checkHealth }))
    server.add(
      Controller,
      controllerService({ catalog, provisioner, modifier, snapshotter, topology, volumeHealth }),
    )
    server.add(GroupController, groupControllerService({ groupSnapshotter, topology }))
    server.add(SnapshotMetadata, snapshotMetadataService(metadata))
    return server
  }
  const watch = { observe: metrics?.observe, tracer: tracing }
  const server = addControllerServices(new CsiServer(log, watch))
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
      volumeHealth,
      storageHealth,
    }),
  )
  const remote = addControllerServices(new CsiServer(log, watch, forControllerOnly))
  resources.defer(async () => {
    await Promise.all([server.stop(), remote.stop()])
  })
  await server.listen(config.endpoint)
  if (config.remote) resources.use(await listenRemotely(remote, config.remote, metrics, log))
  const { endpoint } = config
  resources.use(await joinCluster(config, { endpoint, driverName, findings, checkHealth, metrics, log }))
  resources.use(new Schedule(LEAKS_INTERVAL_MS, () => leaks.sweep(), log))
  // Stopped before the services, because calls may wait for what works in the background.
  for (const { name } of config.trimIntervalMs > 0 ? config.pools : []) {
    const trim = async (signal: AbortSignal): Promise<void> => {
      const pool = pools.open.find((pool) => pool.name === name)
      if (pool) await trimmer.trim(pool, signal)
    }
    resources.use(new Schedule(config.trimIntervalMs, trim, log))
  }
  const volumes = pools.open.reduce((count, pool) => count + pool.volumes.size, 0)
  const names = pools.open.map(({ name }) => name)
  log.info({ endpoint, driver: driverName, version, pools: names, volumes }, 'serving')
  return running(resources.move(), jobs, log)
}

function running(resources: AsyncDisposableStack, jobs: Jobs, log: Logger): RunningDriver {
  return {
    async stop(reason) {
      // First: calls that wait for a job have the grace of the servers only when it ends.
      const ended = jobs.stop()
      log.info({ reason }, 'stopping')
      await resources.disposeAsync()
      await ended
      log.info('stopped')
    },
  }
}
