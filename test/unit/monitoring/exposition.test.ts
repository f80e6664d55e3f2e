import { describe, expect, it } from '@jest/globals'
import { Gauge, Registry } from 'prom-client'
import { exposition, type Sample } from '../../../src/monitoring/metrics.ts'

const definition = {
  name: 'a_metric',
  help: 'Of a\\b\nc.',
  labels: ['pool', 'reason'],
  type: 'gauge',
} as const

describe('the text format of Prometheus', () => {
  it.each<[string, Sample[]]>([
    ['no sample', []],
    ['one without labels', [{ labels: {}, value: 1 }]],
    [
      'some with labels',
      [
        { labels: { pool: 'a', reason: '' }, value: 0.25 },
        { labels: { pool: 'b' }, value: -3 },
      ],
    ],
    [
      'large and small numbers',
      [1e21, 2 ** 53, 1e-7].map((value) => ({ labels: { pool: `${value}` }, value })),
    ],
    ['characters that have a meaning', [{ labels: { pool: 'a"b\\c\nd{}=,', reason: 'ü\t' }, value: 1 }]],
  ])('is what prom-client writes: %s', async (_name, samples) => {
    const registry = new Registry()
    const { name, help, labels } = definition
    const gauge = new Gauge({ name, help, labelNames: labels, registers: [registry] })
    for (const { labels, value } of samples) gauge.set(labels, value)
    const lines = [...exposition(definition, samples)].join('')
    expect(lines).toBe(`${(await registry.metrics()).trimEnd()}\n`)
  })
})
