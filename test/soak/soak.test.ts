import { describe, expect, it } from '@jest/globals'
import type { Leftovers } from '../support/leftovers.ts'
import type { Sample } from './sample.ts'
import { sparkline } from './sparkline.ts'
import { verdict } from './verdict.ts'

const idle = { residentBytes: 90 << 20, fds: 20, devices: 1, mounts: 2, files: 10, processes: 1 }
const left: Leftovers = { devices: [], mounts: [], processes: [] }

/** Every ten lives, up to 300; the memory in MiB by the number of lives. */
function samplesOf(mebibytes: (lives: number) => number, change: Partial<Sample> = {}): Sample[] {
  return Array.from({ length: 30 }, (_, index) => {
    const lives = 10 * (index + 1)
    const times = { lives, seconds: lives, restarts: 0, p50Ms: 1, p99Ms: 2 }
    return { ...idle, ...times, residentBytes: mebibytes(lives) * 2 ** 20, ...change }
  })
}

function failures(samples: readonly Sample[], remaining = left): string[] {
  return verdict({ idle, samples, left: remaining }).flatMap(({ what, passed }) => (passed ? [] : [what]))
}

describe('the verdict of a soak', () => {
  it('is good when nothing has changed', () => {
    expect(failures(samplesOf(() => 100))).toEqual([])
  })

  it('names the devices that stay attached', () => {
    expect(failures(samplesOf(() => 100, { fds: 21, files: 12 }))).toEqual([
      'open files, idle',
      'files in the data directory, idle',
    ])
  })

  it('reports what a driver that has ended left', () => {
    const remaining = { ...left, devices: ['/dev/loop7 /x/disk.img'] }
    expect(
      failures(
        samplesOf(() => 100),
        remaining,
      ),
    ).toEqual(['loop devices, driver stopped'])
  })

  it.each([
    ['grows like a young process', (lives: number) => Math.min(100, 50 + lives / 2), []],
    ['has one peak', (lives: number) => (lives === 300 ? 200 : 100), []],
    ['grows on', (lives: number) => 100 + lives / 10, ['RSS [MiB], from life 100 on']],
  ])('compares memory that %s', (_, mebibytes, expected) => {
    expect(failures(samplesOf(mebibytes))).toEqual(expected)
  })

  it('does not compare the memory of two processes', () => {
    expect(failures(samplesOf((lives) => lives, { restarts: 1 }))).toEqual([])
  })
})

describe('sparkline', () => {
  it.each<[readonly number[], number, string]>([
    [[], 4, ''],
    [[5, 5, 5], 4, '▁▁▁'],
    [[0, 7, 14], 4, '▁▅█'],
    [[0, 9, 0, 0, 1, 0, 0, 0], 4, '█▁▂▁'],
  ])('%j in %d columns', (values, columns, expected) => {
    expect(sparkline(values, columns)).toBe(expected)
  })
})
