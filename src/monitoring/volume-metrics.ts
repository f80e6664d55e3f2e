import type { Catalog } from '../volumes/pool/catalog.ts'
import type { VolumeHealth } from '../volumes/health/volume-health.ts'
import type { Pool } from '../volumes/pool/pool.ts'
import type { Volume } from '../volumes/model/volume.ts'
import { node } from './definitions.ts'
import type { Metrics, Sample } from './metrics.ts'
import { ofReadable } from './of-readable.ts'
import { remembered } from './remembered.ts'

/** A look at the health of volumes costs a stat(2) of each, and seldom finds anything. */
const HEALTH_MAX_AGE_MS = 60_000

export interface VolumeFigures {
  readonly catalog: Catalog
  readonly volumeHealth: VolumeHealth
}

/**
 * What a node tells of each of its volumes. Sizes on the disk are those that the pools measure for
 * themselves.
 */
export function addVolumeMetrics(metrics: Metrics, { catalog, volumeHealth }: VolumeFigures): void {
  metrics.lookup(node.volumeCapacity, () => samplesOf(catalog.pools(), ({ capacityBytes }) => capacityBytes))

  metrics.lookup(node.volumeAllocated, () =>
    ofReadable(catalog.pools(), async (pool) => {
      const allocated = await pool.space.imageBytes()
      // Undefined: not measured yet.
      return samplesOf([pool], ({ id }) => allocated.get(id))
    }),
  )

  const problems = async (): Promise<Sample[]> => {
    const ids = catalog.listIds('', Infinity).map(({ id }) => id)
    return [...(await volumeHealth.ofMany(ids))].flatMap(([id, issues]) => {
      const pool = catalog.poolOf(id)
      const volume = pool?.volumes.get(id)
      const labels = volume ? labelsOf(volume) : { pool: pool?.name ?? '', volume_id: id }
      return issues.map(({ reason }) => ({ labels: { ...labels, reason }, value: 1 }))
    })
  }
  metrics.lookup(node.volumeProblem, remembered(HEALTH_MAX_AGE_MS, problems))
}

/** One by one, so that not all of them are in memory at the same time. */
function* samplesOf(
  pools: readonly Pool[],
  figure: (volume: Volume) => number | bigint | undefined,
): Generator<Sample> {
  for (const { volumes } of pools) {
    for (const volume of volumes.values()) {
      const value = figure(volume)
      if (value !== undefined) yield { labels: labelsOf(volume), value: Number(value) }
    }
  }
}

/** A claim is named as kube-state-metrics names it, so that figures of both can be joined. */
function labelsOf({ id, pool, labels }: Volume): Record<string, string> {
  return {
    pool,
    volume_id: id,
    claim_namespace: labels['pvc/namespace'] ?? '',
    persistentvolumeclaim: labels['pvc/name'] ?? '',
  }
}
