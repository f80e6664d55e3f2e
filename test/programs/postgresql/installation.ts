import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { tool } from '../../tool.ts'

/** Where Debian puts the programs, by the major version. */
const VERSIONS = '/usr/lib/postgresql'

/** Debian's package makes the user. The server refuses to run as root. */
export const USER = 'postgres'

/** The directory with the programs of the newest version. @throws Error where there is none */
export async function newestVersion(): Promise<string> {
  const version = newest(await readdir(VERSIONS).catch(() => []))
  if (version === undefined)
    throw new Error(`there is no PostgreSQL in ${VERSIONS}: install Debian's package postgresql`)
  return join(VERSIONS, version, 'bin')
}

/** @returns the highest of the names that are numbers */
export function newest(names: readonly string[]): string | undefined {
  return names.filter((name) => /^\d+$/.test(name)).toSorted((a, b) => Number(b) - Number(a))[0]
}

/** A command line that runs a program as the user of the server, without root's groups. */
export function asUser(...command: string[]): [string, ...string[]] {
  return ['setpriv', '--reuid', USER, '--regid', USER, '--clear-groups', '--', ...command]
}

/** Runs a program as the user of the server. @returns its standard output */
export function runAsUser(...command: string[]): Promise<string> {
  const [program, ...args] = asUser('env', '--chdir=/', ...command)
  return tool(program, ...args)
}
