import { describe, expect, it } from '@jest/globals'
import { Tally } from './tally.ts'

describe('a tally', () => {
  const tally = new Tally()
  tally.add('b', 'one')
  tally.add('a', 'two', 3)
  tally.add('a', 'two')

  it('counts', () => {
    expect([tally.get('a', 'two'), tally.get('b', 'two'), tally.get('c', 'one')]).toEqual([4, 0, 0])
  })

  it('is a table', () => {
    expect(tally.table('what', ['two', 'one'])).toBe(
      '| what | two | one |\n| --- | --- | --- |\n| a | 4 | 0 |\n| b | 0 | 1 |',
    )
  })
})
