import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tool } from '../tool.ts'
import type { Architecture } from './architectures.ts'

const execute = promisify(execFile)

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Takes the place of the mirror in this machine's apt sources, where that has no such suite. */
export const MIRROR_VARIABLE = 'VM_DEBIAN_MIRROR'

/**
 * The packages of a suite of Debian, in a directory of its own: neither the suite nor the architecture need
 * be those of this machine, whose apt is not changed.
 */
export class Apt {
  readonly #directory: string
  readonly #options: readonly string[]

  private constructor(directory: string, options: readonly string[]) {
    this.#directory = directory
    this.#options = options
  }

  /** @throws Error when this machine's apt has no mirror of Debian, or that has no such suite */
  static async open(directory: string, suite: string, architecture: Architecture): Promise<Apt> {
    const options = await prepare(directory, suite, architecture)
    const apt = new Apt(directory, options)
    await apt.#get('update').catch((error: unknown) => {
      throw new Error(
        `apt-get finds no ${suite}; set ${MIRROR_VARIABLE} to a mirror that has it: ${String(error)}`,
      )
    })
    return apt
  }

  /**
   * Downloads packages with all that they depend on.
   * @param isWanted leaves out others by their names
   * @returns the files
   */
  async download(
    packages: readonly string[],
    isWanted: (name: string) => boolean = () => true,
  ): Promise<string[]> {
    const lines = await this.#get('install', '--no-install-recommends', '--print-uris', '--yes', ...packages)
    const names = namesIn(lines).filter(isWanted)
    const debs = join(this.#directory, 'debs')
    await mkdir(debs, { recursive: true })
    await execute('apt-get', [...this.#options, 'download', ...names], { cwd: debs })
    return (await tool('find', debs, '-name', '*.deb')).split('\n').sort()
  }

  async #get(...args: string[]): Promise<string> {
    return tool('apt-get', ...this.#options, ...args)
  }
}

async function prepare(directory: string, suite: string, architecture: Architecture): Promise<string[]> {
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'parts'])
    await mkdir(join(directory, name), { recursive: true })
  // Elsewhere apt trusts the keys of its own sources.
  const signed = existsSync(KEYRING) ? ` signed-by=${KEYRING}` : ''
  const source = `deb [arch=${architecture}${signed}] ${await mirror()} ${suite} main\n`
  await writeFile(join(directory, 'sources.list'), source)
  // No package is installed, so all that is needed is downloaded.
  await writeFile(join(directory, 'status'), '')
  const settings = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Dir::Cache': join(directory, 'cache'),
    'Dir::Etc::sourcelist': join(directory, 'sources.list'),
    'Dir::Etc::sourceparts': join(directory, 'parts'),
    'Dir::State': join(directory, 'state'),
    'Dir::State::status': join(directory, 'status'),
  }
  return ['-qq', ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])]
}

/** Of this machine: it may be the only one that can be reached. */
async function mirror(): Promise<string> {
  const given = process.env[MIRROR_VARIABLE]
  if (given !== undefined) return given
  const uris = await tool('apt-get', 'indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages')
  const found = uris.split('\n').find((uri) => /\/debian\/?$/.test(uri))
  if (found !== undefined) return found
  throw new Error(`the apt sources of this machine have no mirror of Debian; set ${MIRROR_VARIABLE} to one`)
}

/** Of the packages of `--print-uris`: `'http://…' bash_5.2_amd64.deb 1234 SHA256:…`. */
export function namesIn(lines: string): string[] {
  return lines.split('\n').flatMap((line) => /^'[^']*' ([^_]+)_/.exec(line)?.[1] ?? [])
}

/** Extracts packages into a directory: nothing is configured, and no program of them is run. */
export async function extract(debs: readonly string[], directory: string): Promise<void> {
  // /bin and others are symbolic links to directories.
  const script = 'dpkg-deb --fsys-tarfile "$1" | tar --extract --keep-directory-symlink --directory "$2"'
  for (const deb of debs) await tool('bash', '-o', 'pipefail', '-c', script, 'bash', deb, directory)
}
