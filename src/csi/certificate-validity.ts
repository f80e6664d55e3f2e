import { X509Certificate } from 'node:crypto'
import { findingOf } from '../volumes/issues/catalogue.ts'

/** The validity of a certificate. */
export interface Validity {
  /** Which certificate: `certificate tls.crt`, `CA in ca.crt`, or a node's. */
  readonly what: string
  /** Its subject, in one line. */
  readonly subject: string
  readonly notBefore: Date
  readonly notAfter: Date
}

/** The validities of a directory of certificates, by file name. */
export interface Validities {
  readonly 'tls.crt': Validity
  readonly 'ca.crt': Validity
}

/** Certificates are reported this long before they expire. */
const REPORT_BEFORE_MS = 30 * 24 * 3_600_000

/**
 * Short-lived certificates are reported in the last quarter of their life. cert-manager renews them when a
 * third is left.
 */
const REPORT_LAST_PART = 4

/** Matches one certificate of a PEM file (RFC 7468). */
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** All certificates of a PEM file, in its order. @throws Error when one cannot be parsed */
export function parseCertificates(pem: Buffer): X509Certificate[] {
  return (pem.toString('latin1').match(PEM) ?? []).map((text) => new X509Certificate(text))
}

/**
 * The validity of our certificate, and of the CA it is signed by. Other CAs in ca.crt count only where none
 * of them has signed it: while CAs are rotated, the one that is no longer used may expire.
 *
 * @param ca all certificates of ca.crt, at least one
 * @param chain all certificates of tls.crt, at least one; intermediates follow our own
 */
export function validitiesOf(ca: readonly X509Certificate[], chain: readonly X509Certificate[]): Validities {
  const last = chain.at(-1)
  const issuers = ca.filter((authority) => last !== undefined && isSignedBy(last, authority))
  return {
    'tls.crt': validityOf('certificate tls.crt', earliest(chain)),
    'ca.crt': validityOf('CA in ca.crt', latest(issuers.length > 0 ? issuers : ca)),
  }
}

export function validityOf(what: string, { subject, validFromDate, validToDate }: X509Certificate): Validity {
  // Node writes one attribute of a name per line.
  const name = (subject as string | undefined)?.replaceAll('\n', ', ') ?? ''
  return { what, subject: name, notBefore: validFromDate, notAfter: validToDate }
}

export type Expiry = 'valid' | 'expiring' | 'expired'

export function expiryOf({ notAfter, notBefore }: Validity, now: Date): Expiry {
  const left = notAfter.getTime() - now.getTime()
  if (left <= 0) return 'expired'
  const lifetime = notAfter.getTime() - notBefore.getTime()
  return left < Math.min(REPORT_BEFORE_MS, lifetime / REPORT_LAST_PART) ? 'expiring' : 'valid'
}

/** The reason to report of a certificate; undefined for one that is valid. */
export function expiryReason(
  validity: Validity,
  now: Date,
): 'CertificateExpiring' | 'CertificateExpired' | undefined {
  const expiry = expiryOf(validity, now)
  if (expiry === 'valid') return undefined
  return expiry === 'expired' ? 'CertificateExpired' : 'CertificateExpiring'
}

/** Which certificate expires, when, and the consequence. */
export function describeExpiry(validity: Validity, now: Date): string {
  const reason = validity.notAfter > now ? 'CertificateExpiring' : 'CertificateExpired'
  return findingOf(reason, validity).message
}

function isSignedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}

function earliest(certificates: readonly X509Certificate[]): X509Certificate {
  return certificates.reduce((a, b) => (a.validToDate <= b.validToDate ? a : b))
}

function latest(certificates: readonly X509Certificate[]): X509Certificate {
  return certificates.reduce((a, b) => (a.validToDate >= b.validToDate ? a : b))
}
