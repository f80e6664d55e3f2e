import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { replaceFile } from './durable.ts'
import { VolumeError, hasErrno } from '../errors.ts'

const SCHEMA_VERSION = 1

/**
 * Makes `pool.json` in an empty directory, or checks the one that is there. A directory with other things in it is
 * never taken for a pool.
 * @throws VolumeError failed-precondition naming the directory
 */
export async function claimDirectory(name: string, path: string): Promise<void> {
  const text = await readFile(join(path, 'pool.json'), 'utf8').catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  })
  if (text === undefined) {
    const found = (await readdir(path)).filter(
      (entry) => entry !== 'lost+found' && entry !== '.pool.json.new',
    )
    if (found.length > 0) {
      throw new VolumeError(
        'failed-precondition',
        `pool "${name}": ${path} has no pool.json and is not empty (${found[0]})`,
      )
    }
    const record = { schemaVersion: SCHEMA_VERSION, createdAt: new Date().toISOString() }
    await replaceFile(path, 'pool.json', `${JSON.stringify(record, undefined, 2)}\n`)
    return
  }
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), v.object({ schemaVersion: v.number() })), text)
  if (!result.success)
    throw new VolumeError('failed-precondition', `pool "${name}": ${path}/pool.json is damaged`)
  const { schemaVersion } = result.output
  if (schemaVersion !== SCHEMA_VERSION) {
    throw new VolumeError(
      'failed-precondition',
      `pool "${name}": ${path}/pool.json has schemaVersion ${schemaVersion}; this driver knows ${SCHEMA_VERSION}`,
    )
  }
}
