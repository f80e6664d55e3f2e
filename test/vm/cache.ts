import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrno } from '../../src/volumes/model/errors.ts'

const HASH_DIGITS = 12
/** Directories that were not used for so long are removed. */
const UNUSED_MS = 7 * 24 * 3_600_000

/** Of everything that guests are made of: `$XDG_CACHE_HOME/csi-driver-loop/vm`, or below `/var/cache`. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment['XDG_CACHE_HOME'] ?? '/var/cache', 'csi-driver-loop', 'vm')
}

export interface Ingredients {
  /** What it is. */
  readonly name: string
  /** All that it depends on: another value makes another directory. */
  readonly inputs: unknown
  /** Whether it is made again although there is one. */
  readonly refresh?: boolean
}

/**
 * A directory that takes long to make. It is complete or not there; two processes can make it at once.
 * @param make fills the directory that it gets
 * @returns its path
 */
export async function cached(
  { name, inputs, refresh = false }: Ingredients,
  make: (directory: string) => Promise<void>,
  cache = cacheDirectory(),
): Promise<string> {
  await mkdir(cache, { recursive: true })
  const path = join(cache, `${name}-${hash(inputs)}`)
  if (refresh || !(await touch(path))) {
    console.error(`making ${path}`)
    const draft = await mkdtemp(join(cache, `.${name}-`))
    try {
      await make(draft)
      if (refresh) await rm(path, { recursive: true, force: true })
      await rename(draft, path).catch((error: unknown) => {
        // Another process was faster.
        if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error
      })
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  }
  await removeUnused(cache)
  return path
}

function hash(inputs: unknown): string {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, HASH_DIGITS)
}

/** @returns whether it is there */
async function touch(path: string): Promise<boolean> {
  const now = new Date()
  return utimes(path, now, now).then(
    () => true,
    () => false,
  )
}

/** Also what a killed process has left unfinished. */
async function removeUnused(cache: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    const path = join(cache, entry)
    const found = await stat(path).catch(() => undefined)
    if (found && found.mtimeMs < new Date().getTime() - UNUSED_MS)
      await rm(path, { recursive: true, force: true })
  }
}
