import { describe, expect, it } from '@jest/globals'
import {
  catalogue,
  findingOf,
  issueOf,
  toFinding,
  type VolumeIssue,
} from '../../../../src/volumes/issues/catalogue.ts'

it('has each reason once', () => {
  const reasons = Object.values(catalogue).flatMap((kinds) => Object.keys(kinds))
  expect(reasons).toEqual([...new Set(reasons)])
})

describe('a report without a field for the remedy', () => {
  it('says what to do where the message does not', () => {
    const facts = { problem: 'volume "v": the ext4 is no longer in disk.img', remedy: 'restore it' }
    expect(issueOf('FileSystemMissing', facts)).toEqual({
      status: 'inaccessible',
      reason: 'FileSystemMissing',
      message: 'volume "v": the ext4 is no longer in disk.img; restore it',
    })
  })

  it('has the message alone where that says what to do', () => {
    const { message } = issueOf('NotMounted', { path: '/pod' })
    expect(message).toMatch(/^the volume is not mounted at \/pod: .*; restart the pod$/)
  })
})

describe('a finding', () => {
  it('has message and remedy apart', () => {
    expect(findingOf('PoolReadOnly', { pool: 'fast', path: '/mnt' })).toEqual({
      severity: 'error',
      reason: 'PoolReadOnly',
      message: 'pool "fast": the file system of /mnt is read-only, by choice or after errors',
      remedy: expect.stringMatching(/mount -o remount,rw .*--target \/mnt/),
    })
  })

  it('of a certificate says when it expires', () => {
    const notAfter = new Date('2030-01-03T00:00:00Z')
    const certificate = { what: 'certificate tls.crt', subject: 'CN=csi-driver-loop-node', notAfter }
    expect(findingOf('CertificateExpiring', certificate).message).toMatch(
      /^certificate tls\.crt \(CN=csi-driver-loop-node\) expires at 2030-01-03T00:00:00\.000Z; then/,
    )
    expect(findingOf('CertificateExpired', certificate).message).toContain(
      ' expired at 2030-01-03T00:00:00.000Z: ',
    )
  })

  it.each([
    [true, 'error', 'umount /pod && csi-driver-loop loop detach /dev/loop1'],
    [
      false,
      'warning',
      'when that node is gone: umount /pod && csi-driver-loop loop detach --force /dev/loop1',
    ],
  ] as const)('is as severe as the facts say: device of this node: %s', (isHere, severity, remedy) => {
    const facts = { device: '/dev/loop1', volumeId: 'v', isHere, targets: ['/pod'], above: [] }
    expect(findingOf('OrphanDevice', facts)).toMatchObject({ severity, remedy })
  })

  it('is made of an issue that health has found', () => {
    const issue: VolumeIssue = issueOf('ImageMissing', { id: 'v', problem: 'its image is missing' })
    expect(toFinding(issue, { path: '/pool/disk.img' })).toMatchObject({
      severity: 'error',
      reason: 'ImageMissing',
      message: issue.message,
      remedy: 'cp --sparse=always BACKUP /pool/disk.img, then restart the driver',
    })
  })
})
