import { describe, expect, it } from '@jest/globals'
import { deviceIssues, placeIssues } from '../../../../src/volumes/health/node-issues.ts'
import type { LoopState } from '../../../../src/volumes/model/ports/loop-devices.ts'
import type { MountEntry } from '../../../../src/volumes/model/ports/mounts.ts'
import { volumeFixture } from '../fixtures.ts'

const own: LoopState = {
  device: { number: 3, path: '/dev/loop3' },
  name: volumeFixture.id,
  readOnly: false,
  autoclear: true,
  directIo: true,
  sizeBytes: volumeFixture.capacityBytes,
}
const blockDevice = { ...own, autoclear: false }

const mounted: MountEntry = {
  target: '/stage',
  source: '/dev/loop3',
  fsType: 'ext4',
  root: '/',
  loop: { number: 3, as: 'file system' },
  readOnly: false,
  options: ['rw', 'relatime', 'rw'],
}
const node: MountEntry = { ...mounted, root: '/loop3', loop: { number: 3, as: 'node' } }
const ofAnother: MountEntry = { ...mounted, loop: { number: 4, as: 'file system' } }
const named: MountEntry = { ...mounted, source: 'tmpfs', fsType: 'tmpfs', root: '/loop3', loop: undefined }
const withOptions = (...options: string[]): MountEntry => ({ ...mounted, options })

describe('at a path', () => {
  it.each<[string, MountEntry | undefined, LoopState[], boolean, string[]]>([
    ['a mounted volume', mounted, [own], false, []],
    ['one mounted read-only', withOptions('ro', 'relatime', 'ro'), [own], false, []],
    ['one published read-only', withOptions('ro', 'relatime', 'rw'), [own], false, []],
    ['a published block volume', node, [blockDevice], false, []],
    ['a staged block volume', undefined, [blockDevice], true, []],
    ['a staged block volume without its device', undefined, [], true, ['inaccessible DeviceLost']],
    ['one whose device is on its way out', undefined, [own], true, ['inaccessible DeviceLost']],
    ['a published block volume without its device', node, [], false, ['inaccessible DeviceLost']],
    ['a mount of another device', ofAnother, [own], false, ['inaccessible DeviceLost']],
    ['a mount of something else that has its name', named, [own], false, ['inaccessible NotMounted']],
    ['nothing', undefined, [own], false, ['inaccessible NotMounted']],
    ['ext4 or btrfs after errors', withOptions('rw', 'ro'), [own], false, ['degraded FileSystemReadOnly']],
    [
      'ext4 of Linux 6.18 after errors',
      withOptions('rw', 'rw', 'emergency_ro'),
      [own],
      false,
      ['degraded FileSystemReadOnly'],
    ],
    [
      'ext4 that has shut down',
      withOptions('rw', 'rw', 'shutdown'),
      [own],
      false,
      ['inaccessible FileSystemShutDown'],
    ],
  ])('%s', (_, entry, devices, isStagedBlock, expected) => {
    const issues = placeIssues({ path: '/stage', entry, isShutDown: false }, devices, isStagedBlock)
    expect(issues.map(({ status, reason }) => `${status} ${reason}`)).toEqual(expected)
  })

  it('a file system that does not answer', () => {
    const issues = placeIssues({ path: '/stage', entry: mounted, isShutDown: true }, [own], false)
    expect(issues).toMatchObject([{ status: 'inaccessible', reason: 'FileSystemShutDown' }])
  })
})

describe('a device', () => {
  it.each([
    ['of the right size', 64n << 20n, []],
    ['without the end that is no whole sector', (64n << 20n) - 511n, []],
    ['that has not grown with its image', (64n << 20n) - 512n, ['DeviceTooSmall']],
  ])('%s', (_, sizeBytes, expected) => {
    const issues = deviceIssues(volumeFixture, [{ ...own, sizeBytes }])
    expect(issues.map(({ reason }) => reason)).toEqual(expected)
  })
})
