import { readdirSync } from 'node:fs'
import { Gauge, type Registry } from 'prom-client'

/**
 * What every exporter tells of its process, by the names of Prometheus' guidelines. prom-client's own set would wake the
 * process up a hundred times a second to measure the delay of the event loop.
 */
const figures: readonly [name: string, help: string, read: () => number][] = [
  ['process_cpu_seconds_total', 'User and system time.', () => cpuMicroseconds() / 1e6],
  ['process_start_time_seconds', 'Start since 1970.', () => Date.now() / 1000 - process.uptime()],
  ['process_resident_memory_bytes', 'Memory in RAM.', () => process.memoryUsage.rss()],
  ['process_open_fds', 'Open file descriptors.', () => readdirSync('/proc/self/fd').length],
  ['nodejs_heap_size_used_bytes', 'Memory of JavaScript objects.', () => process.memoryUsage().heapUsed],
]

export function addProcessMetrics(registry: Registry): void {
  for (const [name, help, read] of figures) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  }
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
