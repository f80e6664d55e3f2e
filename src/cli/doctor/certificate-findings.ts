import { describeExpiry, expiryOf, RENEWAL, type Validity } from '../../csi/certificate-validity.ts'
import { readValidities } from '../../csi/certificates.ts'
import { messageOf } from '../../volumes/model/errors.ts'
import type { Finding } from '../../volumes/health/finding.ts'

/**
 * What is wrong with the certificates between controller and nodes.
 * @param directory undefined where there are none
 */
export async function certificateFindings(directory: string | undefined, now: Date): Promise<Finding[]> {
  if (directory === undefined) return []
  try {
    const validities = Object.values(await readValidities(directory)) as Validity[]
    return validities.flatMap((validity) => expiryFinding(validity, now))
  } catch (error) {
    return [
      {
        severity: 'error',
        reason: 'CertificateUnusable',
        message: messageOf(error),
        cure: `put a ca.crt, tls.crt and tls.key that belong together into ${directory}, as docs/how-to/certificates.md says`,
      },
    ]
  }
}

function expiryFinding(validity: Validity, now: Date): Finding[] {
  const expiry = expiryOf(validity, now)
  if (expiry === 'valid') return []
  const message = describeExpiry(validity, now)
  return expiry === 'expired'
    ? [{ severity: 'error', reason: 'CertificateExpired', message, cure: RENEWAL }]
    : [{ severity: 'warning', reason: 'CertificateExpiring', message, cure: RENEWAL }]
}
