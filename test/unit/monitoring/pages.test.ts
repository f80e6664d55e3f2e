import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { node } from '../../../src/monitoring/definitions.ts'
import { healthPages } from '../../../src/monitoring/health-pages.ts'
import { HttpServer } from '../../../src/monitoring/http-server.ts'
import { Metrics } from '../../../src/monitoring/metrics.ts'
import { addProcessMetrics } from '../../../src/monitoring/process-metrics.ts'
import { scrape } from '../../support/scrape.ts'

describe('the HTTP server', () => {
  let server: HttpServer
  let broken: string | undefined
  let problems: string[]
  let warnings: string[]
  let found: string[]

  beforeEach(async () => {
    broken = undefined
    problems = []
    warnings = []
    found = []
    const metrics = new Metrics()
    metrics.observe('/csi.v1.Controller/CreateVolume', 'OK', 0.02)
    metrics.observe('/csi.v1.Controller/CreateVolume', 'RESOURCE_EXHAUSTED', 0.002)
    addProcessMetrics(metrics, '1.2.3')
    metrics.onScrape(node.poolSize, () => [{ labels: { pool: 'default' }, value: 4096 }])
    const check = () => (broken === undefined ? Promise.resolve(found) : Promise.reject(new Error(broken)))
    const pages = healthPages({ check, problems: () => problems, warnings: () => warnings })
    server = await HttpServer.listen({ host: '127.0.0.1', port: 0 }, { ...pages, ...metrics.pages })
  })

  afterEach(() => server[Symbol.asyncDispose]())

  async function get(
    path: string,
    method = 'GET',
  ): Promise<{ status: number; body: string; type: string | null }> {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method })
    return {
      status: response.status,
      body: await response.text(),
      type: response.headers.get('content-type'),
    }
  }

  it('is healthy and ready', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: 'ok\n' })
    expect(await get('/readyz?verbose')).toMatchObject({ status: 200, body: 'ok\n' })
  })

  it('reports why it is neither healthy nor ready', async () => {
    broken = 'the pool is gone'
    expect(await get('/healthz')).toMatchObject({ status: 503, body: 'the pool is gone\n' })
    expect(await get('/readyz')).toMatchObject({ status: 503, body: 'the pool is gone\n' })
  })

  it('is healthy while it waits, and says for what', async () => {
    problems = ['the kubelet has not come yet', 'mounts are not shared']
    expect(await get('/healthz')).toMatchObject({ status: 200 })
    expect(await get('/readyz')).toMatchObject({ status: 503, body: `${problems.join('\n')}\n` })
  })

  it('is ready in spite of warnings', async () => {
    warnings = ['there is no xfs']
    expect(await get('/readyz')).toMatchObject({ status: 200, body: 'ok\nwarning: there is no xfs\n' })
  })

  it('is ready in spite of problems of a part', async () => {
    found = ['one pool is full']
    expect(await get('/healthz')).toMatchObject({ status: 200, body: 'ok\n' })
    expect(await get('/readyz')).toMatchObject({ status: 200, body: 'ok\nwarning: one pool is full\n' })
  })

  it('prints metrics in the text format of Prometheus', async () => {
    const { status, body, type } = await get('/metrics')
    expect(status).toBe(200)
    expect(type).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(body).toContain('csi_driver_loop_rpc_duration_seconds_count{method="CreateVolume",code="OK"} 1\n')
    expect(body).toContain('{le="0.0025",method="CreateVolume",code="RESOURCE_EXHAUSTED"} 1\n')
    expect(body).toContain('csi_driver_loop_pool_size_bytes{pool="default"} 4096\n')
    expect(body).toMatch(/^process_resident_memory_bytes \d+$/m)
    expect(body).toMatch(/^# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total [\d.]+$/m)
    expect(body).toContain('csi_driver_loop_build_info{version="1.2.3"} 1\n')
  })

  it('answers nothing else', async () => {
    expect(await get('/')).toMatchObject({ status: 404, body: 'there are /healthz, /readyz, /metrics\n' })
    expect(await get('/constructor')).toMatchObject({ status: 404 })
    expect(await get('/healthz', 'POST')).toMatchObject({ status: 405 })
    expect(await get('/healthz', 'HEAD')).toMatchObject({ status: 200, body: '' })
  })
})

describe('queries of metrics', () => {
  it('forget deleted notices', async () => {
    const metrics = new Metrics()
    let pools = ['a', 'b']
    metrics.onScrape(node.volumes, () => pools.map((pool) => ({ labels: { pool }, value: 1 })))
    const text = () => scrape(metrics)
    expect(await text()).toContain('csi_driver_loop_pool_volumes{pool="b"} 1')
    pools = ['a']
    expect(await text()).not.toContain('csi_driver_loop_pool_volumes{pool="b"}')
  })
})
