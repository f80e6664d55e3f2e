import { describe, expect, it } from '@jest/globals'
import { findFlock } from '../../../../src/linux/files/proc.ts'

const locks = `1: FLOCK  ADVISORY  WRITE 26929 fe:00:9988300 0 EOF
2: FLOCK  ADVISORY  READ  812 fe:00:77 0 EOF
3: POSIX  ADVISORY  WRITE 813 fe:00:78 0 EOF
4: FLOCK  ADVISORY  WRITE 814 103:1a:79 0 EOF
4: -> FLOCK  ADVISORY  WRITE 815 00:23:80 0 EOF
`

describe('the holder of a lock, in /proc/locks', () => {
  it.each([
    ['is found', '254:0', 9988300n, 26929],
    ['is found on a device of large numbers', '259:26', 79n, 814],
    ['is another file with this inode', '253:0', 9988300n, undefined],
    ['has not locked this inode', '254:0', 998830n, undefined],
    ['shares its lock', '254:0', 77n, undefined],
    ['has a lock of another kind', '254:0', 78n, undefined],
    ['still waits', '0:35', 80n, undefined],
  ])('%s', (_, device, inode, pid) => {
    expect(findFlock(locks, device, inode)).toBe(pid)
  })
})
