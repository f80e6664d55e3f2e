import type { Catalog } from '../volumes/pool/catalog.ts'
import type { StorageHealth } from '../volumes/health/storage-health.ts'
import type { VolumeHealth } from '../volumes/health/volume-health.ts'
import type { OrphanedDevices } from '../volumes/operations/orphaned-devices.ts'
import { addLoopMetrics, type LoopFigures } from './loop-metrics.ts'
import { Metrics } from './metrics.ts'
import { addPoolMetrics } from './pool-metrics.ts'
import { addProcessMetrics } from './process-metrics.ts'
import { stepMetrics } from './step-metrics.ts'
import { addVolumeMetrics } from './volume-metrics.ts'

export interface Watched extends Pick<LoopFigures, 'countDevices'> {
  readonly catalog: Catalog
  readonly storageHealth: StorageHealth
  readonly volumeHealth: VolumeHealth
  readonly orphanedDevices: OrphanedDevices
}

/** All figures of the node role. */
export class NodeMonitoring {
  readonly metrics = new Metrics()
  readonly observer = stepMetrics(this.metrics)

  constructor(version: string) {
    addProcessMetrics(this.metrics, version)
  }

  /** Adds the figures that are looked up where they are, as soon as there is where. */
  watch({ catalog, storageHealth, volumeHealth, orphanedDevices, countDevices }: Watched): void {
    addPoolMetrics(this.metrics, { pools: () => catalog.pools(), storageHealth })
    addVolumeMetrics(this.metrics, { catalog, volumeHealth })
    addLoopMetrics(this.metrics, { countDevices, leaked: () => orphanedDevices.count })
  }
}
