import { describe, expect, it } from '@jest/globals'
import { FirstSeen } from '../../../../src/controller/reconcile/mismatches.ts'

const nothingIsHidden = (): boolean => false

describe('FirstSeen', () => {
  it.each<[string, [at: number, seen: string[]][], string[]]>([
    [
      'what was there all the time',
      [
        [0, ['a']],
        [5, ['a']],
        [10, ['a']],
      ],
      ['a'],
    ],
    [
      'not what came later',
      [
        [0, ['a']],
        [5, ['a', 'b']],
        [10, ['a', 'b']],
      ],
      ['a'],
    ],
    [
      'not what went away',
      [
        [0, ['a', 'b']],
        [10, ['b']],
      ],
      ['b'],
    ],
    [
      'not what went away for a while',
      [
        [0, ['a']],
        [5, []],
        [10, ['a']],
      ],
      [],
    ],
    ['nothing at first', [[10, ['a']]], []],
  ])('tell %s', (_, looks, expected) => {
    const sightings = new FirstSeen()
    for (const [at, seen] of looks) sightings.update(seen, nothingIsHidden, at)
    expect(sightings.lasting(10, 10)).toEqual(expected)
  })

  it('count hidden keys as existing once they were seen', () => {
    const sightings = new FirstSeen()
    sightings.update(['a'], nothingIsHidden, 0)
    sightings.update([], (key) => key === 'a' || key === 'b', 5)
    expect(sightings.lasting(10, 10)).toEqual(['a'])
  })
})
