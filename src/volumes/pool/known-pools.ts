import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { VolumeError, hasErrno, isPassing } from '../errors.ts'
import { replaceFile } from './durable.ts'
import { readSmall } from './read-small.ts'

const SCHEMA_VERSION = 1

const schema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ schemaVersion: v.literal(SCHEMA_VERSION), id: v.string() }),
)

/**
 * Which pool each name stands for, kept beside the pools and not in them: a pool whose disk is not mounted is thereby told
 * from a pool that is new.
 *
 *     <data-dir>/known-pools/<pool>.json
 */
export class KnownPools {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** The id of the pool that was opened under this name before, or undefined. */
  async get(name: string): Promise<string | undefined> {
    const file = join(this.#path, fileName(name))
    try {
      return v.parse(schema, await readSmall(file)).id
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return undefined
      // To remove the file would be the wrong advice.
      if (isPassing(error)) throw error
      throw new VolumeError(
        'failed-precondition',
        `pool "${name}": ${file} cannot be read; remove it if the pool is there as it should be`,
        { cause: error },
      )
    }
  }

  async remember(name: string, id: string): Promise<void> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 })
    const record = { schemaVersion: SCHEMA_VERSION, id }
    await replaceFile(join(this.#path, fileName(name)), `${JSON.stringify(record, undefined, 2)}\n`)
  }
}

function fileName(pool: string): string {
  return `${pool}.json`
}
