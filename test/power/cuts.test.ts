import { describe, expect, it } from '@jest/globals'
import type { Entry } from '../disk/journal.ts'
import { cutsOf, durable, kept, rules, type Change } from './cuts.ts'

const write = (offset: number, length = 4096): Change => ({ type: 'write', offset, length, at: offset })
const flush: Entry = { type: 'flush' }
const mark: Entry = { type: 'mark', text: 'a call' }

describe('power cuts', () => {
  const entries = [mark, write(0), flush, write(4096), mark, write(8192), flush, flush]

  it('are tried before each flush by each rule, and once after one that flushes nothing', () => {
    expect(cutsOf(entries, 0)).toEqual([
      ...rules.map((rule) => ({ at: 2, rule })),
      ...rules.map((rule) => ({ at: 6, rule })),
      { at: 8, rule: 'none' },
    ])
    expect(cutsOf(entries, 3)).toHaveLength(rules.length + 1)
  })

  it.each([
    [0, 0],
    [2, 0],
    [3, 3],
    [6, 3],
    [7, 7],
    [8, 8],
  ])('at %d leave %d entries durable', (at, count) => {
    expect(durable(entries, at)).toBe(count)
  })

  const three = [write(0), write(4096), write(8192)]

  it.each([
    ['all', three],
    ['none', []],
    ['last', [write(8192)]],
    ['torn', [write(0), write(4096), write(8192, 2048)]],
    ['subset', [write(4096)]],
  ] as const)('keep by the rule %s what it says', (rule, expected) => {
    const numbers = [0.9, 0.1, 0.5]
    expect(kept(three, rule, () => numbers.shift() ?? 0)).toEqual(expected)
  })

  it('tear a write of one sector off', () => {
    expect(kept([write(0, 512)], 'torn', () => 0)).toEqual([write(0, 0)])
  })
})
