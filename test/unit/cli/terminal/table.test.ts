import { describe, expect, it } from '@jest/globals'
import { alignCells, percent } from '../../../../src/cli/terminal/table.ts'

describe('alignCells', () => {
  it('aligns columns, numbers to the right, whatever colours they have', () => {
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
