import type { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { Logger } from 'pino'
import { hasErrno, messageOf } from '../volumes/model/errors.ts'
import {
  describeExpiry,
  expiryOf,
  parseCertificates,
  validitiesOf,
  type Validities,
  type Validity,
} from './certificate-validity.ts'

/**
 * The names that the certificates are issued to (as DNS names): one for all nodes, one for the controller
 * role, so that neither can pass for the other. Which node it is follows from where it is found.
 */
export const NODE_CERTIFICATE_NAME = 'csi-driver-loop-node'
export const CONTROLLER_CERTIFICATE_NAME = 'csi-driver-loop-controller'

/**
 * Secrets that are mounted change by a rename that notifications of a file do not tell, so the files are read
 * again.
 */
const INTERVAL_MS = 5000

/** What is needed for TLS 1.3 in which both sides show a certificate of the same CA. */
export interface TlsIdentity {
  readonly ca: Buffer
  readonly cert: Buffer
  readonly key: Buffer
  readonly minVersion: 'TLSv1.3'
}

/** What a directory of certificates holds at one moment. */
interface Loaded {
  readonly identity: TlsIdentity
  readonly validities: Validities
  /** CAs in ca.crt: two while CAs are rotated. */
  readonly authorities: number
}

/**
 * The certificates in a directory (`ca.crt`, `tls.crt`, `tls.key`, as in a Secret), read again when they
 * change. CAs in `trust.crt`, if it is there, are trusted as those in `ca.crt`.
 */
export class Certificates implements Disposable {
  readonly #directory: string
  readonly #log: Logger
  readonly #listeners = new Set<(identity: TlsIdentity) => void>()
  readonly #timer: NodeJS.Timeout
  #loaded: Loaded
  #complaint: string | undefined
  #reloading: Promise<void> | undefined

  private constructor(directory: string, loaded: Loaded, log: Logger, intervalMs: number) {
    this.#directory = directory
    this.#log = log
    this.#loaded = loaded
    this.#warnOfExpiry()
    this.#timer = setInterval(() => {
      // One that waits for a disk holds threads, which more of them would take from all others.
      this.#reloading ??= this.#reload().finally(() => (this.#reloading = undefined))
    }, intervalMs)
    this.#timer.unref()
  }

  /** @throws Error naming the file that is missing or does not fit */
  static async open(directory: string, log: Logger, intervalMs = INTERVAL_MS): Promise<Certificates> {
    return new Certificates(directory, await load(directory), log, intervalMs)
  }

  get identity(): TlsIdentity {
    return this.#loaded.identity
  }

  /** How long they can be used. */
  get validities(): Validities {
    return this.#loaded.validities
  }

  /** Has the listener called with what the files say now, whenever that has changed. */
  onChange(listener: (identity: TlsIdentity) => void): void {
    this.#listeners.add(listener)
  }

  /**
   * While files are exchanged one by one they do not fit each other: until they do, the old ones stay in use.
   */
  async #reload(): Promise<void> {
    try {
      const loaded = await load(this.#directory)
      const { identity, validities, authorities } = loaded
      this.#complaint = undefined
      if (isSame(identity, this.#loaded.identity)) return
      this.#loaded = loaded
      const { notAfter } = validities['tls.crt']
      this.#log.info({ directory: this.#directory, notAfter, authorities }, 'the certificates have changed')
      this.#warnOfExpiry()
      for (const listener of this.#listeners) listener(identity)
    } catch (error) {
      if (this.#complaint === messageOf(error)) return
      this.#complaint = messageOf(error)
      this.#log.warn(`the old certificates stay in use: ${messageOf(error)}`)
    }
  }

  #warnOfExpiry(): void {
    const now = new Date()
    for (const validity of Object.values(this.#loaded.validities) as Validity[])
      if (expiryOf(validity, now) !== 'valid') this.#log.warn(describeExpiry(validity, now))
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#listeners.clear()
  }
}

/**
 * How long the certificates in a directory can be used.
 * @throws Error naming the file that is missing or does not fit
 */
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
    const message = `${directory}: ca.crt, tls.crt and tls.key do not fit together: ${messageOf(error)}`
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

/** OpenSSL takes a file without a certificate for an empty list, and then trusts no one. */
function certificatesIn(pem: Buffer, file: string): X509Certificate[] {
  const certificates = parseCertificates(pem)
  if (certificates.length === 0) throw new Error(`${file} holds no certificate`)
  return certificates
}

function isSame(a: TlsIdentity, b: TlsIdentity): boolean {
  return a.ca.equals(b.ca) && a.cert.equals(b.cert) && a.key.equals(b.key)
}
