import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CONTROLLER_CERTIFICATE_NAME, NODE_CERTIFICATE_NAME } from '../../src/csi/certificates.ts'
import { tool } from '../tool.ts'

export interface Wishes {
  /** The DNS name that it is issued to. */
  readonly name?: string
  /** One that is over a second after it was made. */
  readonly expired?: boolean
  /** Days that it is valid, 1 by default. */
  readonly days?: number
  /** One that began to be valid so many days ago; its end is as `days` says. */
  readonly age?: number
  /** The CAs of ca.crt in place of the one that signs. */
  readonly trusting?: readonly Authority[]
}

/** A certificate authority of a test, in a directory of its own. */
export class Authority {
  readonly #directory: string
  #issued = 0

  private constructor(directory: string) {
    this.#directory = directory
  }

  /** @param days that the CA is valid */
  static async make(directory: string, days = 2): Promise<Authority> {
    await mkdir(directory, { recursive: true })
    const [key, cert] = [join(directory, 'ca.key'), join(directory, 'ca.crt')]
    await tool(
      'openssl',
      'req',
      '-x509',
      ...newKey(key),
      '-out',
      cert,
      '-subj',
      '/CN=test-ca',
      '-days',
      `${days}`,
    )
    return new Authority(directory)
  }

  /**
   * Puts `ca.crt`, `tls.crt` and `tls.key` into the directory, as a Secret has them. Replaces what is there
   * at once.
   */
  async issue(
    directory: string,
    { name = NODE_CERTIFICATE_NAME, expired = false, days = 1, age = 0, trusting = [this] }: Wishes = {},
  ): Promise<string> {
    const made = join(this.#directory, `issued-${++this.#issued}`)
    await mkdir(made)
    const [key, csr, cert] = [join(made, 'tls.key'), join(made, 'request.pem'), join(made, 'tls.crt')]
    const [caKey, caCert] = [join(this.#directory, 'ca.key'), join(this.#directory, 'ca.crt')]
    await tool(
      'openssl',
      'req',
      ...newKey(key),
      '-out',
      csr,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=DNS:${name}`,
    )
    const signer = ['-in', csr, '-out', cert]
    if (age > 0) {
      await this.#signBackdated(signer, age, days)
    } else {
      const signed = [...signer, '-CA', caCert, '-CAkey', caKey, '-copy_extensions', 'copyall']
      await tool('openssl', 'x509', '-req', ...signed, '-days', expired ? '0' : `${days}`)
    }
    const authorities = trusting.map((authority) => readFile(join(authority.#directory, 'ca.crt')))
    await writeFile(join(made, 'ca.crt'), Buffer.concat(await Promise.all(authorities)))
    await rm(csr)
    await mkdir(directory, { recursive: true })
    for (const file of await readdir(made)) await rename(join(made, file), join(directory, file))
    return directory
  }

  /** `openssl x509` knows no beginning before OpenSSL 3.4. */
  async #signBackdated(signer: readonly string[], age: number, days: number): Promise<void> {
    const file = (name: string): string => join(this.#directory, name)
    await writeFile(file('index.txt'), '')
    await writeFile(
      file('ca.cnf'),
      [
        '[ca]\ndefault_ca = test\n[test]',
        `database = ${file('index.txt')}\nnew_certs_dir = ${this.#directory}`,
        'default_md = sha256\nrand_serial = yes\npolicy = any\ncopy_extensions = copyall',
        '[any]\ncommonName = supplied\n',
      ].join('\n'),
    )
    const at = (day: number): string =>
      `${new Date(Date.now() + day * 86_400_000).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`
    const ca = ['-config', file('ca.cnf'), '-cert', file('ca.crt'), '-keyfile', file('ca.key')]
    const time = ['-startdate', at(-age), '-enddate', at(days)]
    await tool('openssl', 'ca', '-batch', '-notext', ...ca, ...time, ...signer)
  }

  /** Changes only which CAs a directory trusts. */
  static async trust(directory: string, ...authorities: readonly Authority[]): Promise<void> {
    const pems = authorities.map((authority) => readFile(join(authority.#directory, 'ca.crt')))
    await writeFile(join(directory, 'ca.crt.new'), Buffer.concat(await Promise.all(pems)))
    await rename(join(directory, 'ca.crt.new'), join(directory, 'ca.crt'))
  }
}

export const controllerName = CONTROLLER_CERTIFICATE_NAME

function newKey(path: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path]
}
