import { describe, expect, it } from '@jest/globals'
import { progressLine } from '../../../../src/cli/terminal/progress.ts'

const GiB = 1n << 30n

describe('progress', () => {
  it.each([
    [0n, 2n * GiB, false, 'export x 0% 0 B of 2 GiB'],
    [GiB, 2n * GiB, false, 'export x 50% 1 GiB of 2 GiB'],
    [GiB, 2n * GiB, true, `export x [${'#'.repeat(15)}${'.'.repeat(15)}] 50% 1 GiB of 2 GiB`],
    [2n * GiB, 2n * GiB, true, `export x [${'#'.repeat(30)}] 100% 2 GiB of 2 GiB`],
    // The total is an estimate.
    [3n * GiB, 2n * GiB, false, 'export x 100% 3 GiB of 2 GiB'],
    [0n, 0n, false, 'export x 100% 0 B of 0 B'],
  ])('%d of %d, bar %s', (done, total, hasBar, line) => {
    expect(progressLine('export x', done, total, hasBar)).toBe(line)
  })
})
