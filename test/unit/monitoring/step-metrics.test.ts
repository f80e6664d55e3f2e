import { beforeEach, describe, expect, it } from '@jest/globals'
import { Metrics } from '../../../src/monitoring/metrics.ts'
import { stepMetrics } from '../../../src/monitoring/roles.ts'
import type { Observer } from '../../../src/volumes/model/observer.ts'
import { scrape } from '../../support/scrape.ts'

describe('stepMetrics', () => {
  let metrics: Metrics
  let observer: Observer

  beforeEach(() => {
    metrics = new Metrics()
    observer = stepMetrics(metrics)
  })

  const page = (): Promise<string> => scrape(metrics)

  it('counts successes and failures, and passes both on', async () => {
    expect(await observer.step('mkfs', () => Promise.resolve(42))).toBe(42)
    await expect(observer.step('mkfs', () => Promise.reject(new Error('EIO')))).rejects.toThrow('EIO')
    const text = await page()
    for (const result of ['success', 'error'])
      expect(text).toContain(
        `csi_driver_loop_step_duration_seconds_count{step="mkfs",result="${result}"} 1\n`,
      )
    expect(text).toContain('csi_driver_loop_steps_running{step="mkfs"} 0\n')
  })

  it('reports running steps', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const freeze = observer.step('freeze', () => promise)
    expect(await page()).toContain('csi_driver_loop_steps_running{step="freeze"} 1\n')
    resolve(undefined)
    await freeze
    expect(await page()).toContain('csi_driver_loop_steps_running{step="freeze"} 0\n')
  })

  it('counts repairs from 0 on', async () => {
    expect(await page()).toContain('csi_driver_loop_repairs_total{kind="draft"} 0\n')
    observer.repaired('draft', 2)
    expect(await page()).toContain('csi_driver_loop_repairs_total{kind="draft"} 2\n')
  })
})
