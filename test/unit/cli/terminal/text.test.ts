import { describe, expect, it } from '@jest/globals'
import { alignCells, countOf, parseDuration, percent } from '../../../../src/cli/terminal/text.ts'

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['15m', 900_000],
    ['1h', 3_600_000],
    ['', undefined],
    ['5', undefined],
    ['-1s', undefined],
    ['1.5h', undefined],
    ['1d', undefined],
    ['1h30m', undefined],
    ['1 h', undefined],
  ])('%j', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })
})

it.each([
  [0, '0 errors'],
  [1, '1 error'],
  [2, '2 errors'],
])('countOf(%d)', (count, text) => {
  expect(countOf(count, 'error')).toBe(text)
})

describe('alignCells', () => {
  it('aligns columns, numbers to the right, with or without colours', () => {
    const rows = [
      ['NAME', 'SIZE', 'STATUS'],
      ['a', '1 GiB', '\x1b[31mdamaged\x1b[39m'],
      ['\x1b[1mlonger\x1b[22m', '12 MiB', ''],
    ]
    expect(alignCells(rows, [1])).toEqual([
      'NAME      SIZE  STATUS',
      'a        1 GiB  \x1b[31mdamaged\x1b[39m',
      '\x1b[1mlonger\x1b[22m  12 MiB',
    ])
  })
})

it.each([
  [0, 100, '0%'],
  [1, 1000, '1%'],
  [100, 100, '100%'],
  [0, 0, '-'],
])('percent(%d, %d)', (part, whole, text) => {
  expect(percent(part, whole)).toBe(text)
})
