import { Metrics } from './metrics.ts'
import { addProcessMetrics } from './process-metrics.ts'

/** All figures of the controller role. */
export class ControllerMonitoring {
  readonly metrics = new Metrics()

  constructor(version: string) {
    addProcessMetrics(this.metrics, version)
  }
}
