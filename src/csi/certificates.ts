import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { Logger } from 'pino'
import { messageOf } from '../volumes/errors.ts'

/**
 * The names that the certificates are issued to (as DNS names): one for all nodes, one for the controller role, so that
 * neither can pass for the other. Which node it is follows from where it is found.
 */
export const NODE_CERTIFICATE_NAME = 'csi-driver-loop-node'
export const CONTROLLER_CERTIFICATE_NAME = 'csi-driver-loop-controller'

/** Secrets that are mounted change by a rename that notifications of a file do not tell, so the files are read again. */
const INTERVAL_MS = 5000

/** What is needed for TLS 1.3 in which both sides show a certificate of the same CA. */
export interface TlsIdentity {
  readonly ca: Buffer
  readonly cert: Buffer
  readonly key: Buffer
  readonly minVersion: 'TLSv1.3'
}

/** The certificates in a directory (`ca.crt`, `tls.crt`, `tls.key`, as in a Secret), read again when they change. */
export class Certificates implements Disposable {
  readonly #directory: string
  readonly #log: Logger
  readonly #listeners = new Set<(identity: TlsIdentity) => void>()
  readonly #timer: NodeJS.Timeout
  #identity: TlsIdentity
  #complaint: string | undefined

  private constructor(directory: string, identity: TlsIdentity, log: Logger, intervalMs: number) {
    this.#directory = directory
    this.#log = log
    this.#identity = identity
    this.#timer = setInterval(() => void this.#reload(), intervalMs)
    this.#timer.unref()
  }

  /** @throws Error naming the file that is missing or does not fit */
  static async open(directory: string, log: Logger, intervalMs = INTERVAL_MS): Promise<Certificates> {
    return new Certificates(directory, await readIdentity(directory), log, intervalMs)
  }

  get identity(): TlsIdentity {
    return this.#identity
  }

  /** Has the listener called with what the files say now, whenever that has changed. */
  onChange(listener: (identity: TlsIdentity) => void): void {
    this.#listeners.add(listener)
  }

  /** While files are exchanged one by one they do not fit each other: until they do, the old ones stay in use. */
  async #reload(): Promise<void> {
    try {
      const identity = await readIdentity(this.#directory)
      this.#complaint = undefined
      if (isSame(identity, this.#identity)) return
      this.#identity = identity
      const { validTo } = new X509Certificate(identity.cert)
      this.#log.info({ directory: this.#directory, validTo }, 'the certificates have changed')
      for (const listener of this.#listeners) listener(identity)
    } catch (error) {
      if (this.#complaint === messageOf(error)) return
      this.#complaint = messageOf(error)
      this.#log.warn(`the old certificates stay in use: ${messageOf(error)}`)
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#listeners.clear()
  }
}

async function readIdentity(directory: string): Promise<TlsIdentity> {
  const [ca, cert, key] = await Promise.all([
    readFile(join(directory, 'ca.crt')),
    readFile(join(directory, 'tls.crt')),
    readFile(join(directory, 'tls.key')),
  ])
  const identity = { ca, cert, key, minVersion: 'TLSv1.3' } as const
  try {
    createSecureContext(identity)
  } catch (error) {
    const message = `${directory}: ca.crt, tls.crt and tls.key do not fit together: ${messageOf(error)}`
    throw new Error(message, { cause: error })
  }
  return identity
}

function isSame(a: TlsIdentity, b: TlsIdentity): boolean {
  return a.ca.equals(b.ca) && a.cert.equals(b.cert) && a.key.equals(b.key)
}
