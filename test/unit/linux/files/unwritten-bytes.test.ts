import { describe, expect, it } from '@jest/globals'
import { unwrittenBytes } from '../../../../src/linux/files/proc.ts'

describe('what is in memory only', () => {
  it('is what is dirty, and what is being written', () => {
    const text =
      'MemTotal:  8000000 kB\nDirty:             4624 kB\nWriteback:            16 kB\nWritebackTmp:  9 kB\n'
    expect(unwrittenBytes(text)).toBe(4640n << 10n)
  })

  it('is read from this machine', () => {
    expect(unwrittenBytes()).toBeGreaterThanOrEqual(0n)
  })
})
