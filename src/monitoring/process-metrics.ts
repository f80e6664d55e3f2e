import { readdirSync } from 'node:fs'
import { common } from './definitions.ts'
import type { Metrics, Sample } from './metrics.ts'

/**
 * The process metrics of Prometheus' guidelines. prom-client's own set would wake the process up a hundred
 * times a second to measure the delay of the event loop.
 */
export function addProcessMetrics(metrics: Metrics, version: string): void {
  const { buildInfo, cpu, heap, openFiles, residentMemory, startTime } = common
  const add = (definition: Parameters<Metrics['onScrape']>[0], read: () => number): void => {
    metrics.onScrape(definition, () => [{ labels: {}, value: read() }])
  }
  metrics.onScrape(buildInfo, () => [{ labels: { version }, value: 1 }])
  add(cpu, () => cpuMicroseconds() / 1e6)
  add(startTime, () => Date.now() / 1000 - process.uptime())
  add(residentMemory, () => process.memoryUsage.rss())
  add(openFiles, () => readdirSync('/proc/self/fd').length)
  add(heap, () => process.memoryUsage().heapUsed)
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** The validity of each file of a directory of certificates. */
export interface CertificateValidities {
  readonly validities: object & Readonly<Record<'tls.crt' | 'ca.crt', { notBefore: Date; notAfter: Date }>>
}

/** Adds the validity of the certificates for the connections between the roles. */
export function addCertificateMetrics(metrics: Metrics, certificates: CertificateValidities): void {
  const samples = (which: 'notBefore' | 'notAfter'): Sample[] =>
    Object.entries(certificates.validities).map(([file, validity]) => ({
      labels: { file },
      value: validity[which].getTime() / 1000,
    }))
  metrics.onScrape(common.certificateExpiration, () => samples('notAfter'))
  metrics.onScrape(common.certificateNotBefore, () => samples('notBefore'))
}
