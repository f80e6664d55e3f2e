import { describe, expect, it } from '@jest/globals'
import { peakBytes, processorMs, processorMsIn, residentBytes } from '../../harness/process-figures.ts'

describe('the figures of a process', () => {
  it('have its memory', async () => {
    const resident = await residentBytes(process.pid)
    expect(resident).toBeGreaterThan(0)
    expect(await peakBytes(process.pid)).toBeGreaterThan(0)
  })

  it('have the processor time of user and kernel, also of a process with an odd name', () => {
    const fields = ['S', ...Array.from({ length: 10 }, () => '1'), '70', '5', '1', '1']
    expect(processorMsIn(`42 (a) b (c) ${fields.join(' ')}`)).toBe(750)
  })

  it('have a processor time that never goes back', async () => {
    const before = await processorMs(process.pid)
    expect(await processorMs(process.pid)).toBeGreaterThanOrEqual(before)
  })
})
