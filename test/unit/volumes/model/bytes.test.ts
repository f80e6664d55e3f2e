import { describe, expect, it } from '@jest/globals'
import { formatBytes, parseBytes, roundUp } from '../../../../src/volumes/model/bytes.ts'

describe('parseBytes', () => {
  it.each([
    ['0', 0n],
    ['4096', 4096n],
    ['1Ki', 1024n],
    ['10Gi', 10n << 30n],
    ['1.5Ti', 3n << 39n],
    ['500M', 500_000_000n],
    ['0.1Ki', 103n],
    ['8Ei', 8n << 60n],
  ])('%s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes)
  })

  it.each(['', 'Gi', '-1', '1 Gi', '1GiB', '1e3', '0x10', '1.', 'NaN', '1ki', '1K'])('refuses %j', (text) => {
    expect(parseBytes(text)).toBeUndefined()
  })
})

describe('formatBytes', () => {
  it.each([
    [0n, '0 B'],
    [1023n, '1023 B'],
    [1024n, '1 KiB'],
    [1n << 30n, '1 GiB'],
    [(3n << 30n) / 2n, '1.5 GiB'],
    [1n << 60n, '1 EiB'],
  ])('%s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})

describe('roundUp', () => {
  it.each([
    [0n, 0n],
    [1n, 4096n],
    [4096n, 4096n],
    [4097n, 8192n],
  ])('%s', (bytes, rounded) => {
    expect(roundUp(bytes, 4096n)).toBe(rounded)
  })
})
