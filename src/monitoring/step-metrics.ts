import { repairs, type Observer, type Repair, type Step } from '../volumes/model/observer.ts'
import { node } from './definitions.ts'
import type { Metrics } from './metrics.ts'

/** Counts and measures what happens to volumes. */
export function stepMetrics(metrics: Metrics): Observer {
  const duration = metrics.histogram(node.stepDuration)
  const running = metrics.gauge(node.stepsRunning)
  const repaired = metrics.counter(node.repairs)
  // Rates need a beginning, and an alert asks for every single freeze.
  for (const result of ['success', 'error']) duration.zero({ step: 'freeze', result })
  for (const kind of repairs) repaired.inc({ kind }, 0)

  return {
    async step<T>(step: Step, work: () => Promise<T>): Promise<T> {
      const start = performance.now()
      let result = 'error'
      running.inc({ step })
      try {
        const done = await work()
        result = 'success'
        return done
      } finally {
        running.dec({ step })
        duration.observe({ step, result }, (performance.now() - start) / 1000)
      }
    },

    repaired(kind: Repair, count: number): void {
      repaired.inc({ kind }, count)
    },
  }
}
