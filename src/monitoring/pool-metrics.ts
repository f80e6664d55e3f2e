import { cached } from '../volumes/concurrency/reads.ts'
import type { StorageHealth } from '../volumes/health/storage-health.ts'
import type { VolumeHealth } from '../volumes/health/volume-health.ts'
import type { Volume } from '../volumes/model/volume.ts'
import type { Catalog } from '../volumes/pool/catalog.ts'
import type { Pool } from '../volumes/pool/pool.ts'
import { usableBytes, type PoolUsage } from '../volumes/pool/space/space.ts'
import { node } from './definitions.ts'
import type { Metrics, Sample } from './metrics.ts'

/** Checking the health of all volumes costs a stat(2) for each, and rarely finds an issue. */
const HEALTH_MAX_AGE_MS = 60_000

/** The sources of the metrics of pools and volumes. */
export interface PoolSources {
  readonly catalog: Pick<Catalog, 'listIds' | 'poolOf' | 'pools'>
  readonly storageHealth: Pick<StorageHealth, 'issues'>
  readonly volumeHealth: Pick<VolumeHealth, 'ofMany'>
}

type PoolGauge = Extract<(typeof node)[keyof typeof node], { labels: readonly ['pool'] }>

export function addPoolMetrics(metrics: Metrics, { catalog, storageHealth }: PoolSources): void {
  const add = (definition: PoolGauge, valueOf: (pool: Pool) => number): void => {
    metrics.onScrape(definition, () =>
      catalog.pools().map((pool) => ({ labels: { pool: pool.name }, value: valueOf(pool) })),
    )
  }
  const addBytes = (definition: PoolGauge, bytesOf: (usage: PoolUsage, pool: Pool) => bigint): void => {
    metrics.onScrape(definition, () =>
      samplesOfReadable(catalog.pools(), async (pool) => {
        const value = Number(bytesOf(await pool.space.usage(), pool))
        return [{ labels: { pool: pool.name }, value }]
      }),
    )
  }

  addBytes(node.poolSize, (usage, { limits }) => usableBytes(limits, usage))
  addBytes(node.poolFree, ({ freeBytes }) => freeBytes)
  addBytes(node.poolAllocated, ({ allocatedBytes }) => allocatedBytes)
  addBytes(node.poolProvisioned, ({ provisionedBytes }) => provisionedBytes)
  add(node.poolOvercommit, ({ limits }) => limits.overcommit)
  add(node.volumes, ({ volumes }) => volumes.size)
  add(node.snapshots, ({ snapshots }) => snapshots.size)
  metrics.onScrape(node.poolProblem, async () => {
    const issues = await storageHealth.issues()
    return issues.map(({ pool, reason }) => ({ labels: { pool, reason }, value: 1 }))
  })
}

/** Allocated sizes are those that the pools measure for their own accounting. */
export function addVolumeMetrics(metrics: Metrics, { catalog, volumeHealth }: PoolSources): void {
  metrics.onScrape(node.volumeCapacity, () =>
    samplesOf(catalog.pools(), ({ capacityBytes }) => capacityBytes),
  )

  metrics.onScrape(node.volumeAllocated, () =>
    samplesOfReadable(catalog.pools(), async (pool) => {
      const allocated = await pool.space.imageBytes()
      // Undefined: not measured yet.
      return samplesOf([pool], ({ id }) => allocated.get(id))
    }),
  )

  const volumeIssues = async (): Promise<Sample[]> => {
    const ids = catalog.listIds('', Infinity).map(({ id }) => id)
    return [...(await volumeHealth.ofMany(ids))].flatMap(([id, issues]) => {
      const pool = catalog.poolOf(id)
      const volume = pool?.volumes.get(id)
      const labels = volume ? labelsOf(volume) : { pool: pool?.name ?? '', volume_id: id }
      return issues.map(({ reason }) => ({ labels: { ...labels, reason }, value: 1 }))
    })
  }
  metrics.onScrape(node.volumeProblem, cached(HEALTH_MAX_AGE_MS, volumeIssues))
}

/** Generated one by one, so that they are never all in memory. */
function* samplesOf(
  pools: readonly Pool[],
  valueOf: (volume: Volume) => number | bigint | undefined,
): Generator<Sample> {
  for (const { volumes } of pools) {
    for (const volume of volumes.values()) {
      const value = valueOf(volume)
      if (value !== undefined) yield { labels: labelsOf(volume), value: Number(value) }
    }
  }
}

/** The labels of a claim are those of kube-state-metrics, so that metrics of both can be joined. */
function labelsOf({ id, pool, labels }: Volume): Record<string, string> {
  return {
    pool,
    volume_id: id,
    claim_namespace: labels['pvc/namespace'] ?? '',
    persistentvolumeclaim: labels['pvc/name'] ?? '',
  }
}

/**
 * The samples of all pools that can be measured. `csi_driver_loop_pool_problem` reports the others: an error
 * here would fail the whole scrape, with that metric.
 */
async function samplesOfReadable(
  pools: readonly Pool[],
  samplesIn: (pool: Pool) => Promise<Iterable<Sample>>,
): Promise<Iterable<Sample>> {
  const results = await Promise.allSettled(pools.map(samplesIn))
  return concatenated(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])))
}

function* concatenated(parts: readonly Iterable<Sample>[]): Generator<Sample> {
  for (const part of parts) yield* part
}
