import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { hasErrno, isPassing } from '../../model/errors.ts'
import { replaceFile } from './durable.ts'
import { readSmall } from './read-small.ts'
import { PoolUnreachableError, newerPool } from '../gate/unreachable.ts'

const SCHEMA_VERSION = 1

const versioned = v.pipe(v.string(), v.parseJson(), v.looseObject({ schemaVersion: v.number() }))
const schema = v.object({ id: v.string() })

/**
 * Which pool each name stands for, kept beside the pools and not in them: a pool whose disk is not mounted is
 * thereby told from a pool that is new.
 *
 *     <data-dir>/known-pools/<pool>.json
 */
export class KnownPools {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /**
   * The id of the pool that was opened under this name before, or undefined.
   * @throws PoolUnreachableError when the file is damaged or a newer driver's; what this process lacks to
   * look, with its errno
   */
  async get(name: string): Promise<string | undefined> {
    const file = join(this.#path, fileName(name))
    const text = await readSmall(file).catch((error: unknown) => {
      if (hasErrno(error, 'ENOENT')) return undefined
      // To remove the file would be the wrong advice.
      if (isPassing(error)) throw error
      throw unreadable(name, file, error)
    })
    if (text === undefined) return undefined
    const json = v.safeParse(versioned, text)
    if (!json.success) throw unreadable(name, file)
    const { schemaVersion } = json.output
    if (schemaVersion > SCHEMA_VERSION) throw newerPool(name, file, schemaVersion, SCHEMA_VERSION)
    const record = v.safeParse(schema, json.output)
    if (schemaVersion !== SCHEMA_VERSION || !record.success) throw unreadable(name, file)
    return record.output.id
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

function unreadable(pool: string, file: string, cause?: unknown): PoolUnreachableError {
  return new PoolUnreachableError(
    'PoolDamaged',
    `pool "${pool}": ${file} cannot be read; make sure that the pool's disk is mounted and has its pool.json, then remove this file`,
    { cause },
  )
}
