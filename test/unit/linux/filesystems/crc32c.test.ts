import { expect, it } from '@jest/globals'
import { crc32c } from '../../../../src/linux/filesystems/btrfs.ts'

// The check value of the catalogue of CRC algorithms, and the examples of RFC 3720, appendix B.4.
it.each<[string, Uint8Array, number]>([
  ['"123456789"', Buffer.from('123456789'), 0xe3069283],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['0 to 31', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
])('has the CRC-32C of %s', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected)
})
