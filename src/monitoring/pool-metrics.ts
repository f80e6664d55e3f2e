import type { StorageHealth } from '../volumes/health/storage-health.ts'
import type { Pool } from '../volumes/pool/pool.ts'
import { usableBytes, type PoolUsage } from '../volumes/pool/space/space.ts'
import { node } from './definitions.ts'
import type { Metrics } from './metrics.ts'
import { ofReadable } from './of-readable.ts'

export interface PoolFigures {
  /** The pools that are in use now. */
  readonly pools: () => readonly Pool[]
  readonly storageHealth: StorageHealth
}

type PoolGauge = Extract<(typeof node)[keyof typeof node], { labels: readonly ['pool'] }>

/** What a node tells of its pools. */
export function addPoolMetrics(metrics: Metrics, { pools, storageHealth }: PoolFigures): void {
  const perPool = (definition: PoolGauge, figure: (pool: Pool) => number): void => {
    metrics.lookup(definition, () =>
      pools().map((pool) => ({ labels: { pool: pool.name }, value: figure(pool) })),
    )
  }
  const bytes = (definition: PoolGauge, figure: (usage: PoolUsage, pool: Pool) => bigint): void => {
    metrics.lookup(definition, () =>
      ofReadable(pools(), async (pool) => {
        const value = Number(figure(await pool.space.usage(), pool))
        return [{ labels: { pool: pool.name }, value }]
      }),
    )
  }

  bytes(node.poolSize, (usage, { limits }) => usableBytes(limits, usage))
  bytes(node.poolFree, ({ freeBytes }) => freeBytes)
  bytes(node.poolAllocated, ({ allocatedBytes }) => allocatedBytes)
  bytes(node.poolProvisioned, ({ promisedBytes }) => promisedBytes)
  perPool(node.poolOvercommit, ({ limits }) => limits.overcommit)
  perPool(node.volumes, ({ volumes }) => volumes.size)
  perPool(node.snapshots, ({ snapshots }) => snapshots.size)
  metrics.lookup(node.poolProblem, async () => {
    const issues = await storageHealth.issues()
    return issues.map(({ pool, reason }) => ({ labels: { pool, reason }, value: 1 }))
  })
}
