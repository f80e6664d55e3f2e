import { describe, expect, it } from '@jest/globals'
import { common, controller, node, type Definition } from '../../../src/monitoring/definitions.ts'

const definitions: readonly Definition[] = [
  ...Object.values(common),
  ...Object.values(controller),
  ...Object.values(node),
]

/** prometheus.io/docs/practices/naming, and what `promtool check metrics` says of a scrape. */
describe.each(definitions.map((definition) => [definition.name, definition] as const))(
  '%s',
  (name, { help, labels, type }) => {
    it('has a valid name', () => {
      expect(name).toMatch(/^(csi_driver_loop|process|nodejs)(_[a-z]+)+$/)
      expect(name.endsWith('_total')).toBe(type === 'counter')
      expect(name).not.toMatch(/_(count|sum|bucket|gauge|counter|histogram)$/)
      expect(name).not.toMatch(/_(milliseconds|ms|minutes|kilobytes|kb|mib|percent)(_|$)/)
      if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/)
    })

    it('has valid labels, and no reserved one', () => {
      for (const label of labels) expect(label).toMatch(/^[a-z]+(_[a-z]+)*$/)
      // Prometheus gives these to the target.
      expect(labels).not.toEqual(expect.arrayContaining(['job', 'instance', 'namespace', 'pod', 'le']))
    })

    it('describes itself in a sentence', () => {
      expect(help).toMatch(/^[1A-Z].+\.$/)
    })
  },
)

it('defines each metric once', () => {
  const names = definitions.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})
