import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import { never, unlessAborted } from './concurrency/deadlines.ts'
import { Jobs } from './concurrency/jobs.ts'
import { KeyedLock } from './concurrency/keyed-lock.ts'
import { Schedule } from './concurrency/schedule.ts'
import { PoolGuards } from './guard/pool-guard.ts'
import { StorageHealth } from './health/storage-health.ts'
import { VolumeHealth } from './health/volume-health.ts'
import { HeldFileSystems } from './machine/held-file-systems.ts'
import { observed } from './machine/observed.ts'
import type { Observer } from './model/observer.ts'
import type { PoolConfig } from './model/pool-config.ts'
import type { WriteTracer } from './model/ports/image-copier.ts'
import { sweepEphemeral } from './operations/ephemeral.ts'
import { OrphanedDevices } from './operations/orphaned-devices.ts'
import { trimPool } from './operations/trim.ts'
import { Catalog } from './pool/catalog.ts'
import { KnownPools } from './pool/files/pool-identity.ts'
import { gatedPorts, type PoolPorts } from './pool/gate/gated-ports.ts'
import { Gates, type GatesOptions } from './pool/gate/gates.ts'
import { ImageMounts, PrivateMounts } from './pool/image/image-mounts.ts'
import type { Pool } from './pool/pool.ts'
import { Pools, START_GRACE_MS, type PoolsDependencies } from './pool/pools.ts'
import { removePartialGroups } from './snapshots/groups.ts'
import { thawAfterCrash, type ThawDependencies } from './snapshots/thaw.ts'
import type { NodeContext } from './state/context.ts'
import { VolumeAccess } from './state/volume-access.ts'

/** How often the machine is searched for orphaned devices, besides at start. */
const ORPHANS_INTERVAL_MS = 600_000

/** How long operations whose calls were given up may clean up. */
const CLEAN_UP_MS = 1000

/** The machine that a node works on: the ports, and a probe for each pool's file system. */
export interface Machine extends PoolPorts {
  readonly answers: GatesOptions
  /** Bytes that programs have written and that are on no disk yet. */
  readonly unwrittenBytes: () => bigint
  /**
   * Called after the pools are open: until then another driver may use the data directory, and file systems
   * may be frozen. Undefined where the kernel has no write trace.
   */
  openTracer(): Promise<(WriteTracer & AsyncDisposable) | undefined>
}

export interface NodeConfig {
  readonly nodeId: string
  readonly pools: readonly PoolConfig[]
  /** The directory of the known pools. */
  readonly knownPoolsPath: string
  /** Where pool images are mounted. */
  readonly mountsPath: string
  /** How often volumes with `discard: periodic` are trimmed; 0: never. */
  readonly trimIntervalMs: number
}

/** A node whose pools are open and swept. */
export interface LoopNode extends NodeContext, AsyncDisposable {
  readonly pools: Pools
  readonly storageHealth: StorageHealth
  readonly volumeHealth: VolumeHealth
  readonly orphanedDevices: OrphanedDevices
  /** Starts background work: trims, and searches for orphaned devices. Dispose of it before the node. */
  startSchedules(): BackgroundWork
  /**
   * Bounds the time that disposing of the node takes: gives up, step by step, what does not end because its
   * system calls do not return. For a process that ends at once afterwards.
   */
  giveUp(): Promise<void>
}

export interface BackgroundWork extends AsyncDisposable {
  /** As disposing, without waiting. */
  cancel(): void
}

/**
 * Assembles a node: opens the pools, and sweeps: thaws, detaches and removes what a crash left.
 * @param stopping ends the opening of the pools, for a process that ends at once afterwards
 * @throws VolumeError failed-precondition naming the misconfigured pool; the signal's reason
 */
export async function assembleNode(
  machine: Machine,
  config: NodeConfig,
  observer: Observer,
  log: Logger,
  stopping: AbortSignal = never,
): Promise<LoopNode> {
  await using resources = new AsyncDisposableStack()
  const gates = new Gates(config.pools, machine.answers)
  const gated = gatedPorts(machine, gates)
  const { loops, mounts, fileSystems, copier } = observed(gated, observer)
  const { files } = gated
  const privateMounts = resources.use(new PrivateMounts(mounts, config.mountsPath))
  const images = new ImageMounts({ files, loops, mounts, fileSystems, privateMounts, log })
  const known = new KnownPools(config.knownPoolsPath)
  const locks = new KeyedLock()
  const thaw = thawAndReport({ locks, loops, mounts, log }, observer)
  const pools = resources.use(
    await Pools.open(config.pools, { files, images, known, gates, observer, log, thaw }, stopping),
  )
  using undo = new DisposableStack()
  undo.defer(() => {
    if (stopping.aborted) void pools.giveUp(START_GRACE_MS)
  })
  const { nodeId } = config
  const orphanedDevices = new OrphanedDevices(loops, nodeId, observer, log)
  await unlessAborted(orphanedDevices.sweep(), stopping)
  const catalog = new Catalog(nodeId, pools)
  const held = new HeldFileSystems(log)
  const access = new VolumeAccess({ catalog, held, locks, loops, mounts })
  const tracer = await unlessAborted(machine.openTracer(), stopping)
  if (tracer) resources.use(tracer)
  // Disposed of before everything that copies use.
  const jobs = new Jobs()
  const abandoned = Promise.withResolvers<undefined>()
  resources.defer(() => Promise.race([jobs.stop(), abandoned.promise]))
  const ports = { files, loops, mounts, fileSystems, copier, tracer }
  const context: NodeContext = { nodeId, catalog, access, locks, jobs, ...ports, observer, log }
  const sweeping = pools.sweepWith((opened) => removeLeftovers(context, opened, stopping))
  await unlessAborted(sweeping, stopping)
  undo.move()
  const kept = resources.move()
  return {
    ...context,
    pools,
    orphanedDevices,
    storageHealth: new StorageHealth(pools),
    volumeHealth: new VolumeHealth(context),
    startSchedules: () => {
      const { unwrittenBytes } = machine
      const guards = new PoolGuards(config.pools, { ...context, held, pools, unwrittenBytes })
      return startSchedules(context, pools, orphanedDevices, config, guards, abandoned.promise)
    },
    giveUp: () => giveUp(pools, jobs, abandoned, log),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function giveUp(
  pools: Pools,
  jobs: Jobs,
  abandoned: PromiseWithResolvers<undefined>,
  log: Logger,
): Promise<void> {
  const givenUp = pools.giveUp()
  await setTimeout(CLEAN_UP_MS, undefined, { ref: false })
  if (jobs.running.length > 0) log.error({ jobs: jobs.running }, 'gave up jobs that do not end')
  abandoned.resolve(undefined)
  await givenUp
}

function thawAndReport(on: ThawDependencies, observer: Observer): PoolsDependencies['thaw'] {
  return async (pools, areAll) => {
    observer.repaired('frozen_file_system', await thawAfterCrash(on, pools, areAll))
  }
}

/** Removes what a crash left in a pool that was opened. */
async function removeLeftovers(context: NodeContext, opened: Pool, stopping: AbortSignal): Promise<void> {
  const { observer } = context
  observer.repaired('ephemeral_volume', await sweepEphemeral(context, opened, stopping))
  observer.repaired('snapshot_group', await removePartialGroups(context, stopping))
}

function startSchedules(
  context: NodeContext,
  pools: Pools,
  orphanedDevices: OrphanedDevices,
  { pools: configured, trimIntervalMs }: NodeConfig,
  guards: PoolGuards,
  abandoned: Promise<unknown>,
): BackgroundWork {
  const { log } = context
  const schedules = [guards, new Schedule(ORPHANS_INTERVAL_MS, () => orphanedDevices.sweep(), log)]
  for (const { name } of trimIntervalMs > 0 ? configured : []) {
    const trim = async (signal: AbortSignal): Promise<void> => {
      const pool = pools.open.find((pool) => pool.name === name)
      if (pool) await trimPool(context, pool, signal)
    }
    schedules.push(new Schedule(trimIntervalMs, trim, log))
  }
  return {
    cancel: () => {
      for (const schedule of schedules) schedule.cancel()
    },
    [Symbol.asyncDispose]: async () => {
      const ended = schedules.map((schedule) => schedule[Symbol.asyncDispose]())
      await Promise.race([Promise.all(ended), abandoned])
    },
  }
}
