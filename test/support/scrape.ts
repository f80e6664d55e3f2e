import type { Metrics } from '../../src/monitoring/metrics.ts'

/** The content of `/metrics`. */
export async function scrape(metrics: Metrics): Promise<string> {
  const body = (await metrics.pages['/metrics']?.())?.body ?? ''
  return typeof body === 'string' ? body : Buffer.concat(body).toString()
}
