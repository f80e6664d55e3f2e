import { readdirSync } from 'node:fs'
import { common } from './definitions.ts'
import type { Metrics } from './metrics.ts'

/**
 * What every exporter tells of its process, by the names of Prometheus' guidelines. prom-client's own set
 * would wake the process up a hundred times a second to measure the delay of the event loop.
 */
export function addProcessMetrics(metrics: Metrics, version: string): void {
  const { buildInfo, cpu, heap, openFiles, residentMemory, startTime } = common
  const figure = (definition: Parameters<Metrics['lookup']>[0], read: () => number): void => {
    metrics.lookup(definition, () => [{ labels: {}, value: read() }])
  }
  metrics.lookup(buildInfo, () => [{ labels: { version }, value: 1 }])
  figure(cpu, () => cpuMicroseconds() / 1e6)
  figure(startTime, () => Date.now() / 1000 - process.uptime())
  figure(residentMemory, () => process.memoryUsage.rss())
  figure(openFiles, () => readdirSync('/proc/self/fd').length)
  figure(heap, () => process.memoryUsage().heapUsed)
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
