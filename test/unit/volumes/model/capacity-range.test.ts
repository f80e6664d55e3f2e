import { describe, expect, it } from '@jest/globals'
import {
  DEFAULT_CAPACITY,
  MAX_CAPACITY,
  checkRange,
  chooseCapacity,
  satisfies,
} from '../../../../src/volumes/model/capacity-range.ts'

const MiB = 1n << 20n
const minimum = 8n * MiB

function range(requiredBytes: bigint, limitBytes = 0n) {
  return { requiredBytes, limitBytes }
}

describe('checkRange', () => {
  it.each([
    ['negative required', range(-1n), 'negative: -1 to 0'],
    ['negative limit', range(0n, -1n), 'negative: 0 to -1'],
    ['limit below required', range(2n * MiB, MiB), 'required_bytes 2097152'],
  ])('refuses %s', (_name, asked, words) => {
    const check = () => {
      checkRange(asked)
    }
    expect(check).toThrow(expect.objectContaining({ kind: 'invalid-argument' }))
    expect(check).toThrow(words)
  })
})

describe('chooseCapacity', () => {
  it.each([
    ['nothing asked', range(0n), DEFAULT_CAPACITY],
    ['required', range(10n * MiB), 10n * MiB],
    ['required is limit', range(10n * MiB, 10n * MiB), 10n * MiB],
    ['whole pages', range(10n * MiB + 1n), 10n * MiB + 4096n],
    ['at least what the file system needs', range(1n), minimum],
    ['limit alone, above the default', range(0n, 2n * DEFAULT_CAPACITY), DEFAULT_CAPACITY],
    ['limit alone, below the default', range(0n, 20n * MiB + 5n), 20n * MiB],
    ['the largest', range(MAX_CAPACITY), MAX_CAPACITY],
  ])('%s', (_name, asked, capacity) => {
    expect(chooseCapacity(asked, minimum)).toBe(capacity)
  })

  it.each([
    ['nothing asked', range(0n), 16n * MiB],
    ['a limit above it', range(0n, 20n * MiB), 16n * MiB],
    ['a limit below it', range(0n, 12n * MiB), 12n * MiB],
    ['more required', range(20n * MiB), 20n * MiB],
  ])('prefers what it is told to: %s', (_name, asked, capacity) => {
    expect(chooseCapacity(asked, minimum, 16n * MiB)).toBe(capacity)
  })

  it.each([
    ['limit below the minimum', range(0n, MiB), 'limit_bytes 1048576'],
    ['limit within a page', range(10n * MiB + 1n, 10n * MiB + 2n), 'limit_bytes 10485762'],
    ['more than the largest', range(MAX_CAPACITY + 1n), 'largest volume of 1 PiB'],
  ])('refuses %s', (_name, asked, words) => {
    const choose = () => chooseCapacity(asked, minimum)
    expect(choose).toThrow(expect.objectContaining({ kind: 'out-of-range' }))
    expect(choose).toThrow(words)
  })
})

describe('satisfies', () => {
  it.each([
    [range(0n), true],
    [range(10n), true],
    [range(11n), false],
    [range(5n, 10n), true],
    [range(0n, 9n), false],
  ])('10 bytes in %j', (asked, answer) => {
    expect(satisfies(10n, asked)).toBe(answer)
  })
})
