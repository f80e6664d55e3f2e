import { describe, expect, it } from '@jest/globals'
import { describeExpiry, expiryOf, type Validity } from '../../../src/csi/certificate-validity.ts'

const DAY_MS = 24 * 3_600_000
const now = new Date('2030-01-01T00:00:00Z')

function certificate(lifeDays: number, leftDays: number): Validity {
  const notAfter = new Date(now.getTime() + leftDays * DAY_MS)
  const notBefore = new Date(notAfter.getTime() - lifeDays * DAY_MS)
  return { what: 'certificate tls.crt', subject: 'CN=csi-driver-loop-node', notBefore, notAfter }
}

describe('a certificate', () => {
  it.each([
    ['ten years', 3650, 31, 'valid'],
    ['ten years', 3650, 29, 'expiring'],
    ['ten years', 3650, 0, 'expired'],
    ['ten years', 3650, -1, 'expired'],
    // cert-manager renews at 30 of 90 days by default.
    ['90 days', 90, 29, 'valid'],
    ['90 days', 90, 22, 'expiring'],
    ['one day', 1, 0.3, 'valid'],
    ['one day', 1, 0.2, 'expiring'],
  ])('for %s is reported %d days long, %d before its end, as %s', (_, life, left, expiry) => {
    expect(expiryOf(certificate(life, left), now)).toBe(expiry)
  })

  it('is named with the moment of its end', () => {
    expect(describeExpiry(certificate(3650, 2), now)).toMatch(
      /^certificate tls\.crt \(CN=csi-driver-loop-node\) expires at 2030-01-03T00:00:00\.000Z; then/,
    )
    expect(describeExpiry(certificate(3650, 0), now)).toMatch(/expired at 2030-01-01T00:00:00\.000Z: /)
  })
})
