import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import * as v from 'valibot'
import { hasErrno } from '../../model/errors.ts'
import { notRead, requireEmpty } from './directory.ts'
import { replaceFile } from './durable.ts'
import { PoolUnreachableError, newerPool } from '../gate/unreachable.ts'
import { readSmall } from './read-small.ts'

const SCHEMA_VERSION = 1
const RECORD = 'pool.json'

const versioned = v.pipe(v.string(), v.parseJson(), v.looseObject({ schemaVersion: v.number() }))
const schema = v.object({ id: v.pipe(v.string(), v.uuid()) })

/**
 * Makes `pool.json` in the empty directory of a new pool, or reads the one that is there.
 * @param knownId the id of a pool that was here before; then nothing is ever made
 * @returns the pool's id
 * @throws VolumeError failed-precondition naming the directory; PoolUnreachableError when the known pool is
 * not there, or its `pool.json` is damaged or a newer driver's
 */
export async function claimDirectory(
  name: string,
  path: string,
  knownId: string | undefined,
): Promise<string> {
  if (knownId !== undefined) {
    await requirePool(name, path, knownId)
    return knownId
  }
  const found = await readPoolId(name, path)
  if (found !== undefined) return found
  await requireEmpty(name, path, RECORD, `.${RECORD}.new`)
  const id = randomUUID()
  const record = { schemaVersion: SCHEMA_VERSION, id, createdAt: new Date().toISOString() }
  await replaceFile(join(path, RECORD), `${JSON.stringify(record, undefined, 2)}\n`)
  return id
}

/**
 * Passes only while the pool of this id is in the directory.
 * @throws PoolUnreachableError; what this process lacks to look, with its errno (isPassing)
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
  const json = v.safeParse(versioned, text)
  if (!json.success) throw damaged(name, file)
  const { schemaVersion } = json.output
  if (schemaVersion > SCHEMA_VERSION) throw newerPool(name, file, schemaVersion, SCHEMA_VERSION)
  const record = v.safeParse(schema, json.output)
  if (schemaVersion !== SCHEMA_VERSION || !record.success) throw damaged(name, file)
  return record.output.id
}

function damaged(name: string, file: string): PoolUnreachableError {
  return new PoolUnreachableError(
    'PoolDamaged',
    `pool "${name}": ${file} is damaged; write it again with the id that is in <data-dir>/known-pools, or restore it; the pool is opened again when it can be read`,
  )
}
