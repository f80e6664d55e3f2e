import { describe, expect, it } from '@jest/globals'
import { findMountById, parseMountInfo } from '../../../../src/linux/mountinfo/mountinfo.ts'

const line = (fields: string) => parseMountInfo(`${fields}\n`)[0]

describe('parseMountInfo', () => {
  it('reads every field of a line', () => {
    expect(line('36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue')).toEqual({
      id: 36,
      parentId: 35,
      device: '98:0',
      shared: false,
      root: '/mnt1',
      target: '/mnt2',
      fsType: 'ext3',
      source: '/dev/root',
      readOnly: false,
      options: ['rw', 'noatime', 'rw', 'errors=continue'],
    })
  })

  it.each([
    ['none', '1 0 0:1 / /a rw - tmpfs none rw', false],
    ['one', '1 0 0:1 / /a rw shared:7 - tmpfs none rw', true],
    ['three', '1 0 0:1 / /a rw shared:7 master:3 propagate_from:2 - tmpfs none rw', true],
  ])('reads a line with optional fields: %s', (_, text, shared) => {
    expect(line(text)).toMatchObject({ target: '/a', fsType: 'tmpfs', source: 'none', shared })
  })

  it.each([
    ['a space', String.raw`/a\040b`, '/a b'],
    ['a tab', String.raw`/a\011b`, '/a\tb'],
    ['a newline', String.raw`/a\012b`, '/a\nb'],
    ['a backslash', String.raw`/a\134b`, String.raw`/a\b`],
    ['what looks like an escape', String.raw`/a\134040b`, String.raw`/a\040b`],
    ['a hash', String.raw`/a\043b`, '/a#b'],
    ['letters of other alphabets', '/täglich/日', '/täglich/日'],
  ])('undoes the escape of %s', (_, written, path) => {
    expect(line(`1 0 0:1 ${written} ${written} rw - tmpfs ${written} rw`)).toMatchObject({
      root: path,
      target: path,
      source: path,
    })
  })

  it('reads a line whose source is empty', () => {
    expect(line('1 0 0:1 / /a rw - tmpfs  rw,size=4k')).toMatchObject({
      source: '',
      options: ['rw', 'rw', 'size=4k'],
    })
  })

  it('accepts a hyphen as the name of a directory', () => {
    expect(line('1 0 0:1 - - rw - tmpfs - rw')).toMatchObject({ root: '-', target: '-', source: '-' })
  })

  it.each([
    ['neither', 'rw', 'rw', false],
    ['the mount point', 'ro,nosuid', 'rw', true],
    ['the file system', 'rw', 'ro', true],
    ['neither, for all that its options begin with ro', 'rw', 'rw,root=/', false],
  ])('takes a mount as read-only when it is so by %s', (_, mount, superblock, readOnly) => {
    expect(line(`1 0 0:1 / /a ${mount} - ext4 /dev/loop0 ${superblock}`)?.readOnly).toBe(readOnly)
  })

  it('keeps the order of the lines, and needs no newline at the end', () => {
    const text = '1 0 0:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / /b rw - ext4 /dev/b rw'
    expect(parseMountInfo(text).map(({ id }) => id)).toEqual([1, 2])
    expect(parseMountInfo('')).toEqual([])
  })

  it.each(['rubbish', '1 0 0:1 / /a rw - ext4', '1 0 0:1 / /a rw ext4 /dev/a rw'])('refuses: %s', (text) => {
    expect(() => parseMountInfo(text)).toThrow('not a line of /proc/self/mountinfo')
  })
})

describe('findMountById', () => {
  const text =
    '21 1 0:1 / / rw - ext4 /dev/a rw\n1 21 0:2 / /b rw - ext4 /dev/b rw\n5 1 0:3 / /c rw - xfs /dev/c ro\n'

  it.each([
    ['the first', 21, '/'],
    ['one in the middle, whose number others end with', 1, '/b'],
    ['the last', 5, '/c'],
  ])('finds %s', (_, id, target) => {
    expect(findMountById(text, id)?.target).toBe(target)
  })

  it('finds nothing for a number that only others contain', () => {
    expect(findMountById(text, 2)).toBeUndefined()
  })
})
