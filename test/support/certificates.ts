import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CONTROLLER_CERTIFICATE_NAME, NODE_CERTIFICATE_NAME } from '../../src/csi/certificates.ts'
import { tool } from '../tool.ts'

export interface Wishes {
  /** The DNS name that it is issued to. */
  readonly name?: string
  /** One that is over a second after it was made. */
  readonly expired?: boolean
}

/** A certificate authority of a test, in a directory of its own. */
export class Authority {
  readonly #directory: string
  #issued = 0

  private constructor(directory: string) {
    this.#directory = directory
  }

  static async make(directory: string): Promise<Authority> {
    await mkdir(directory, { recursive: true })
    const [key, cert] = [join(directory, 'ca.key'), join(directory, 'ca.crt')]
    await tool('openssl', 'req', '-x509', ...newKey(key), '-out', cert, '-subj', '/CN=test-ca', '-days', '2')
    return new Authority(directory)
  }

  /** Puts `ca.crt`, `tls.crt` and `tls.key` into the directory, as a Secret has them. Replaces what is there at once. */
  async issue(
    directory: string,
    { name = NODE_CERTIFICATE_NAME, expired = false }: Wishes = {},
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
    const signed = ['-in', csr, '-out', cert, '-CA', caCert, '-CAkey', caKey, '-copy_extensions', 'copyall']
    await tool('openssl', 'x509', '-req', ...signed, '-days', expired ? '0' : '1')
    await tool('cp', caCert, made)
    await rm(csr)
    await mkdir(directory, { recursive: true })
    for (const file of await readdir(made)) await rename(join(made, file), join(directory, file))
    return directory
  }
}

export const controllerName = CONTROLLER_CERTIFICATE_NAME

function newKey(path: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path]
}
