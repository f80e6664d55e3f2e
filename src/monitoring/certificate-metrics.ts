import { common } from './definitions.ts'
import type { Metrics, Sample } from './metrics.ts'

/** The validity of each file of a directory of certificates. */
export interface CertificateFigures {
  readonly validities: object & Readonly<Record<'tls.crt' | 'ca.crt', { notBefore: Date; notAfter: Date }>>
}

/** Adds the expiration of the certificates by which the roles know each other. */
export function addCertificateMetrics(metrics: Metrics, certificates: CertificateFigures): void {
  const samples = (which: 'notBefore' | 'notAfter'): Sample[] =>
    Object.entries(certificates.validities).map(([file, validity]) => ({
      labels: { file },
      value: validity[which].getTime() / 1000,
    }))
  metrics.lookup(common.certificateExpiration, () => samples('notAfter'))
  metrics.lookup(common.certificateNotBefore, () => samples('notBefore'))
}
