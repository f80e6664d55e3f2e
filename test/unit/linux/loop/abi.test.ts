import { describe, expect, it } from '@jest/globals'
import {
  decodeLoopInfo,
  encodeLoopConfig,
  encodeLoopInfo,
  loopConfig,
  loopInfo,
  makeDev,
  splitDev,
} from '../../../../src/linux/abi/loop.ts'

const settings = { offset: 4096n, sizeLimit: 1n << 40n, flags: 5, fileName: 'näme' }

describe('struct loop_info64', () => {
  it('has every field where the kernel looks for it', () => {
    const struct = encodeLoopInfo(settings)
    expect(struct.length).toBe(loopInfo.bytes)
    expect(struct.readBigUInt64LE(24)).toBe(4096n)
    expect(struct.readBigUInt64LE(32)).toBe(1n << 40n)
    expect(struct.readUInt32LE(52)).toBe(5)
    expect(struct.toString('utf8', 56, 61)).toBe('näme')
  })

  it('returns what was written', () => {
    expect(decodeLoopInfo(encodeLoopInfo(settings))).toMatchObject(settings)
  })

  it('takes names of 63 bytes and no more', () => {
    expect(decodeLoopInfo(encodeLoopInfo({ ...settings, fileName: 'x'.repeat(63) })).fileName).toHaveLength(
      63,
    )
    expect(() => encodeLoopInfo({ ...settings, fileName: 'ä'.repeat(32) })).toThrow('64 bytes; at most 63')
  })
})

it('struct loop_config has the descriptor, the block size, and the settings behind', () => {
  const struct = encodeLoopConfig(17, 4096, settings)
  expect(struct.length).toBe(loopConfig.bytes)
  expect(struct.readUInt32LE(0)).toBe(17)
  expect(struct.readUInt32LE(4)).toBe(4096)
  expect(struct.subarray(8, 8 + loopInfo.bytes)).toEqual(encodeLoopInfo(settings))
})

describe('device numbers', () => {
  // As `makedev` of glibc's <sys/sysmacros.h> computes them.
  it.each([
    [7, 0, 0x700n],
    [7, 255, 0x7ffn],
    [7, 256, 0x100700n],
    [7, 1_048_575, 0xfff007ffn],
    [10, 237, 0xaedn],
    [254, 0, 0xfe00n],
  ])('%i:%i', (major, minor, dev) => {
    expect(makeDev(major, minor)).toBe(dev)
    expect(splitDev(dev)).toEqual({ major, minor })
  })
})
