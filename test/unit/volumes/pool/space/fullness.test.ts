import { describe, expect, it } from '@jest/globals'
import {
  bearable,
  hasRoomAgain,
  isFull,
  marginBytes,
  pauseMs,
} from '../../../../../src/volumes/pool/space/space.ts'

const MiB = 1n << 20n
const GiB = 1n << 30n

describe('the margin of a pool', () => {
  it.each([
    { total: 400n * MiB, margin: 20n * MiB },
    { total: 5n * GiB, margin: 256n * MiB },
    { total: 1024n * GiB, margin: 256n * MiB },
  ])('is $margin of $total', ({ total, margin }) => {
    expect(marginBytes(total)).toBe(margin)
  })
})

describe('a pool of 100 GiB', () => {
  const room = (freeMiB: bigint, pendingMiB = 0n) => ({
    totalBytes: 100n * GiB,
    freeBytes: freeMiB * MiB,
    pendingBytes: pendingMiB * MiB,
  })

  it.each([
    { free: 0n, pending: 0n, full: true },
    { free: 255n, pending: 0n, full: true },
    { free: 256n, pending: 0n, full: false },
    { free: 256n, pending: 1n, full: true },
    { free: 1255n, pending: 1000n, full: true },
    { free: 1256n, pending: 1000n, full: false },
  ])('with $free MiB free and $pending MiB in memory: full is $full', ({ free, pending, full }) => {
    expect(isFull(room(free, pending))).toBe(full)
  })

  it.each([
    { free: 64n, bears: 'none', again: false },
    { free: 65n, bears: 'quiet', again: false },
    { free: 128n, bears: 'quiet', again: false },
    { free: 129n, bears: 'any', again: false },
    { free: 319n, bears: 'any', again: false },
    { free: 320n, bears: 'any', again: true },
  ])('that was full, with $free MiB free: bears $bears, has room is $again', ({ free, bears, again }) => {
    expect(bearable(room(free))).toBe(bears)
    expect(hasRoomAgain(room(free))).toBe(again)
  })

  it.each([
    { free: 0n, ms: 50 },
    { free: 300n, ms: 50 },
    { free: 256n + 2048n, ms: 1000 },
    { free: 50_000n, ms: 5000 },
  ])('with $free MiB free is looked at again after $ms ms', ({ free, ms }) => {
    expect(Math.abs(pauseMs(room(free)) - ms)).toBeLessThanOrEqual(1)
  })
})
