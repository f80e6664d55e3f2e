import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { Logger } from 'pino'
import { findingOf } from '../volumes/issues/catalogue.ts'
import { hasErrno, messageOf } from '../volumes/model/errors.ts'

/**
 * The DNS names of the certificates: one for all nodes and one for the controller role, so that neither can
 * impersonate the other. A node is identified by its address.
 */
export const NODE_CERTIFICATE_NAME = 'csi-driver-loop-node'
export const CONTROLLER_CERTIFICATE_NAME = 'csi-driver-loop-controller'

/** The kubelet updates a mounted Secret by renaming a directory, which inotify on a file does not report. */
const INTERVAL_MS = 5000

/** For mutual TLS 1.3, with certificates of one CA on both sides. */
export interface TlsIdentity {
  readonly ca: Buffer
  readonly cert: Buffer
  readonly key: Buffer
  readonly minVersion: 'TLSv1.3'
}

/** The content of a directory of certificates at one moment. */
interface Loaded {
  readonly identity: TlsIdentity
  readonly validities: Validities
  /** Number of trusted CAs: two during a CA rotation. */
  readonly authorities: number
}

/**
 * The certificates in a directory (`ca.crt`, `tls.crt`, `tls.key`, as in a Secret), read again when they
 * change. CAs in the optional `trust.crt` are trusted like those in `ca.crt`.
 */
export class Certificates implements Disposable {
  readonly #directory: string
  readonly #log: Logger
  readonly #listeners = new Set<(identity: TlsIdentity) => void>()
  readonly #timer: NodeJS.Timeout
  #loaded: Loaded
  #lastProblem: string | undefined
  #reloading: Promise<void> | undefined

  private constructor(directory: string, loaded: Loaded, log: Logger, intervalMs: number) {
    this.#directory = directory
    this.#log = log
    this.#loaded = loaded
    this.#warnOfExpiry()
    this.#timer = setInterval(() => {
      // Only one at a time: a read of a disk that hangs holds a thread.
      this.#reloading ??= this.#reload().finally(() => (this.#reloading = undefined))
    }, intervalMs)
    this.#timer.unref()
  }

  /** @throws Error naming the file that is missing or does not match */
  static async open(directory: string, log: Logger, intervalMs = INTERVAL_MS): Promise<Certificates> {
    return new Certificates(directory, await load(directory), log, intervalMs)
  }

  get identity(): TlsIdentity {
    return this.#loaded.identity
  }

  get validities(): Validities {
    return this.#loaded.validities
  }

  /** Calls the listener with the new certificates whenever they have changed. */
  onChange(listener: (identity: TlsIdentity) => void): void {
    this.#listeners.add(listener)
  }

  /** While the files are being replaced, they may not match; the old ones stay in use until they do. */
  async #reload(): Promise<void> {
    try {
      const loaded = await load(this.#directory)
      const { identity, validities, authorities } = loaded
      this.#lastProblem = undefined
      if (isSame(identity, this.#loaded.identity)) return
      this.#loaded = loaded
      const { notAfter } = validities['tls.crt']
      this.#log.info({ directory: this.#directory, notAfter, authorities }, 'the certificates have changed')
      this.#warnOfExpiry()
      for (const listener of this.#listeners) listener(identity)
    } catch (error) {
      if (this.#lastProblem === messageOf(error)) return
      this.#lastProblem = messageOf(error)
      this.#log.warn(`the old certificates stay in use: ${messageOf(error)}`)
    }
  }

  #warnOfExpiry(): void {
    const now = new Date()
    for (const validity of Object.values(this.#loaded.validities) as Validity[]) {
      const reason = expiryReason(validity, now)
      if (reason !== undefined) this.#log.warn(findingOf(reason, validity).message)
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#listeners.clear()
  }
}

/** @throws Error naming the file that is missing or does not match */
export async function readValidities(directory: string): Promise<Validities> {
  return (await load(directory)).validities
}

async function load(directory: string): Promise<Loaded> {
  const [ownCa, otherCas, cert, key] = await Promise.all([
    readFile(join(directory, 'ca.crt')),
    readOptional(join(directory, 'trust.crt')),
    readFile(join(directory, 'tls.crt')),
    readFile(join(directory, 'tls.key')),
  ])
  // A PEM file need not end with a newline.
  const ca = Buffer.concat([ownCa, Buffer.from('\n'), otherCas])
  const identity = { ca, cert, key, minVersion: 'TLSv1.3' } as const
  try {
    createSecureContext(identity)
    const [authorities, chain] = [certificatesIn(ca, 'ca.crt'), certificatesIn(cert, 'tls.crt')]
    return { identity, validities: validitiesOf(authorities, chain), authorities: authorities.length }
  } catch (error) {
    const message = `${directory}: ca.crt, tls.crt and tls.key do not match: ${messageOf(error)}`
    throw new Error(message, { cause: error })
  }
}

async function readOptional(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return Buffer.alloc(0)
    throw error
  }
}

/** Required because OpenSSL accepts a file without certificates, and then trusts no peer. */
function certificatesIn(pem: Buffer, file: string): X509Certificate[] {
  const certificates = parseCertificates(pem)
  if (certificates.length === 0) throw new Error(`${file} holds no certificate`)
  return certificates
}

function isSame(a: TlsIdentity, b: TlsIdentity): boolean {
  return a.ca.equals(b.ca) && a.cert.equals(b.cert) && a.key.equals(b.key)
}

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
function parseCertificates(pem: Buffer): X509Certificate[] {
  return (pem.toString('latin1').match(PEM) ?? []).map((text) => new X509Certificate(text))
}

/**
 * The validity of this process's certificate and of the CA that signed it. Other CAs in ca.crt count only if
 * none of them signed it: after a CA rotation, the previous CA may expire.
 *
 * @param ca all certificates of ca.crt, at least one
 * @param chain all certificates of tls.crt, at least one; intermediates follow the own certificate
 */
function validitiesOf(ca: readonly X509Certificate[], chain: readonly X509Certificate[]): Validities {
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

/** The reason of the issue to report; undefined while the certificate is valid for long enough. */
export function expiryReason(
  { notAfter, notBefore }: Validity,
  now: Date,
): 'CertificateExpiring' | 'CertificateExpired' | undefined {
  const left = notAfter.getTime() - now.getTime()
  if (left <= 0) return 'CertificateExpired'
  const lifetime = notAfter.getTime() - notBefore.getTime()
  return left < Math.min(REPORT_BEFORE_MS, lifetime / REPORT_LAST_PART) ? 'CertificateExpiring' : undefined
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
