import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { hasErrno, isTransient } from '../../model/errors.ts'
import { PoolUnreachableError } from '../gate/unreachable.ts'
import { notRead, requireEmpty } from './directory.ts'
import { readSmall } from './durable.ts'
import { NewerRecordError, VersionedJson } from './versioned-json.ts'

/** In the directory of each pool. */
const RECORD = 'pool.json'

const poolRecord = new VersionedJson(v.object({ id: v.pipe(v.string(), v.uuid()) }))
const knownPoolRecord = new VersionedJson(v.object({ id: v.string() }))

/**
 * Creates `pool.json` in the empty directory of a new pool, or reads the existing one.
 * @param knownId the id of a known pool; then nothing is ever created
 * @returns the pool's id
 * @throws VolumeError failed-precondition naming the directory; PoolUnreachableError when the known pool is
 * not mounted, or its `pool.json` is damaged or written by a newer driver
 */
export async function ensurePoolId(name: string, path: string, knownId: string | undefined): Promise<string> {
  if (knownId !== undefined) {
    await requirePool(name, path, knownId)
    return knownId
  }
  const found = await readPoolId(name, path)
  if (found !== undefined) return found
  await requireEmpty(name, path, RECORD, `.${RECORD}.new`)
  const id = randomUUID()
  await poolRecord.write(join(path, RECORD), { id, createdAt: new Date().toISOString() })
  return id
}

/**
 * Passes only while the pool of this id is in the directory.
 * @throws PoolUnreachableError; an error with its errno when this process lacks resources to read
 * (isTransient)
 */
export async function requirePool(name: string, path: string, id: string): Promise<void> {
  const found = await readPoolId(name, path)
  if (found === id) return
  if (found === undefined) {
    throw new PoolUnreachableError(
      'PoolNotMounted',
      `pool "${name}": ${path} has no ${RECORD}, but had one before; mount the disk that it is on`,
    )
  }
  throw new PoolUnreachableError(
    'PoolReplaced',
    `pool "${name}": ${path} holds another pool (${found}) than before (${id}); mount the right disk, or, if the change is meant, remove the pool's file in <data-dir>/known-pools and restart the driver`,
  )
}

/** The id of the pool that is in the directory. @returns undefined where there is no `pool.json` */
export async function readPoolId(name: string, path: string): Promise<string | undefined> {
  const file = join(path, RECORD)
  const text = await readSmall(file).catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw notRead(name, path, error)
  })
  if (text === undefined) return undefined
  return readId(poolRecord, text, name, file, () => damaged(name, file))
}

/**
 * The id of each known pool, by its name. It is stored outside of the pools, which distinguishes a known pool
 * whose disk is not mounted from a new one.
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
   * @throws PoolUnreachableError when the file is damaged or written by a newer driver; an error with its
   * errno when this process lacks resources to read (isTransient)
   */
  async get(name: string): Promise<string | undefined> {
    const file = this.#file(name)
    const text = await readSmall(file).catch((error: unknown) => {
      if (hasErrno(error, 'ENOENT')) return undefined
      // The file is intact, so the remedy below (remove it) would be wrong.
      if (isTransient(error)) throw error
      throw unreadable(name, file, error)
    })
    if (text === undefined) return undefined
    return readId(knownPoolRecord, text, name, file, () => unreadable(name, file))
  }

  async remember(name: string, id: string): Promise<void> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 })
    await knownPoolRecord.write(this.#file(name), { id })
  }

  #file(pool: string): string {
    return join(this.#path, `${pool}.json`)
  }
}

/** @param damage creates the error for a damaged record */
function readId(
  kind: typeof poolRecord | typeof knownPoolRecord,
  text: string,
  pool: string,
  file: string,
  damage: () => PoolUnreachableError,
): string {
  try {
    return kind.parse(text).id
  } catch (error) {
    if (!(error instanceof NewerRecordError)) throw damage()
    throw new PoolUnreachableError(
      'PoolOfNewerDriver',
      `pool "${pool}": ${file} has schemaVersion ${error.found}, this driver knows ${error.known}: a newer version of the driver has written it; upgrade the driver again, and leave the file as it is`,
    )
  }
}

function damaged(pool: string, file: string): PoolUnreachableError {
  return new PoolUnreachableError(
    'PoolDamaged',
    `pool "${pool}": ${file} is damaged; write it again with the id that is in <data-dir>/known-pools, or restore it; the pool is opened again when it can be read`,
  )
}

function unreadable(pool: string, file: string, cause?: unknown): PoolUnreachableError {
  return new PoolUnreachableError(
    'PoolDamaged',
    `pool "${pool}": ${file} cannot be read; make sure that the pool's disk is mounted and has its pool.json, then remove this file`,
    { cause },
  )
}
