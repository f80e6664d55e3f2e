import { describe, expect, it } from '@jest/globals'
import { fullness } from '../../../../src/volumes/health/pool-issues.ts'

const GiB = 1n << 30n

describe('a pool', () => {
  it.each([
    // allocated, free, size, reserve, nearly full
    ['that is empty', 0n, 100n, undefined, 0n, false],
    ['with more than 5% left', 94n, 6n, undefined, 0n, false],
    ['with 5% left', 95n, 5n, undefined, 0n, true],
    ['that has used its size up on a large disk', 10n, 90n, 10n, 0n, true],
    ['that has used half of its size', 5n, 90n, 10n, 0n, false],
    ['whose disk others have filled', 0n, 0n, undefined, 0n, true],
    ['with less free than its reserve', 10n, 4n, undefined, 5n, true],
    ['with just its reserve free', 10n, 5n, undefined, 5n, true],
    ['with its reserve and more free', 10n, 10n, undefined, 5n, false],
    ['smaller than its reserve', 0n, 50n, 10n, 20n, true],
  ])('%s', (_, allocated, free, size, reserve, isNearlyFull) => {
    const limits = {
      sizeBytes: size === undefined ? undefined : size * GiB,
      reserveBytes: reserve * GiB,
      overcommit: 3,
      inlineBytes: 0n,
    }
    const usage = { provisionedBytes: 0n, allocatedBytes: allocated * GiB, freeBytes: free * GiB }
    const issue = fullness('fast', limits, usage)
    if (isNearlyFull) expect(issue).toMatchObject({ status: 'degraded', reason: 'PoolNearlyFull' })
    else expect(issue).toBeUndefined()
  })
})
