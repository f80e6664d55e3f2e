import { closeSync, constants, openSync } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { Certificates, expiryReason, type Validity } from '../../../src/csi/certificates.ts'
import { Scratch } from '../../scratch.ts'
import { Authority, controllerName } from '../../support/certificates.ts'
import { tool } from '../../tool.ts'
import { silent } from '../volumes/world.ts'

it('reads certificates that cannot be read now once, not again and again', async () => {
  await using scratch = await Scratch.make()
  const authority = await Authority.make(join(scratch.path, 'ca'))
  const directory = await authority.issue(join(scratch.path, 'controller'), { name: controllerName })
  const key = join(directory, 'tls.key')
  using _certificates = await Certificates.open(directory, silent, 1)
  // Who opens it waits for a writer. Renamed, because the certificates are being read.
  const fifo = join(scratch.path, 'fifo')
  await tool('mkfifo', fifo)
  await rename(fifo, key)
  try {
    await setTimeout(500)
    const looks = stat(directory).then(() => 'answered')
    expect(await Promise.race([looks, setTimeout(5000, 'all threads wait')])).toBe('answered')
  } finally {
    closeSync(openSync(key, constants.O_RDWR | constants.O_NONBLOCK))
  }
})

const DAY_MS = 24 * 3_600_000
const now = new Date('2030-01-01T00:00:00Z')

function certificate(lifeDays: number, leftDays: number): Validity {
  const notAfter = new Date(now.getTime() + leftDays * DAY_MS)
  const notBefore = new Date(notAfter.getTime() - lifeDays * DAY_MS)
  return { what: 'certificate tls.crt', subject: 'CN=csi-driver-loop-node', notBefore, notAfter }
}

describe('a certificate', () => {
  it.each([
    ['ten years', 3650, 31, undefined],
    ['ten years', 3650, 29, 'CertificateExpiring'],
    ['ten years', 3650, 0, 'CertificateExpired'],
    ['ten years', 3650, -1, 'CertificateExpired'],
    // cert-manager renews at 30 of 90 days by default.
    ['90 days', 90, 29, undefined],
    ['90 days', 90, 22, 'CertificateExpiring'],
    ['one day', 1, 0.3, undefined],
    ['one day', 1, 0.2, 'CertificateExpiring'],
  ])('for %s is reported %d days long, %d before its end, as %s', (_, life, left, reason) => {
    expect(expiryReason(certificate(life, left), now)).toBe(reason)
  })
})
