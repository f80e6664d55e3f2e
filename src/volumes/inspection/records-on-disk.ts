import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { failureOf, hasErrno, isPassing, messageOf } from '../model/errors.ts'
import { isId } from '../model/ids.ts'
import { pathExists } from '../machine/path-exists.ts'
import { frozenBy } from '../pool/records/draft.ts'
import { loadRecord, type RecordKind } from '../pool/records/record-kinds.ts'
import type { ImageFiles } from '../model/ports.ts'
import { FILES_AT_ONCE, sideBySide } from '../concurrency/side-by-side.ts'

/** The volumes, or the snapshots, of a pool as they lie on the disk. */
export interface RecordsOnDisk<T> {
  /** In the order of their ids. */
  readonly records: readonly T[]
  /** Why a record cannot be used, by id. */
  readonly damaged: ReadonlyMap<string, Error>
  /**
   * What is not there yet or not there any more: under way where a driver runs, left behind where none does.
   * By name, with the volumes that may be frozen for it.
   */
  readonly unfinished: ReadonlyMap<string, readonly string[]>
}

/**
 * Reads what RecordStore.open reads, and changes nothing. A driver may be at work: what disappears meanwhile
 * is left out.
 */
export async function readRecords<T extends { readonly id: string }>(
  kind: RecordKind<T>,
  pool: { readonly name: string; readonly path: string },
  files: ImageFiles,
): Promise<RecordsOnDisk<T>> {
  const path = join(pool.path, kind.folder)
  const names = (await namesIn(path)).sort()
  const damaged = new Map<string, Error>()
  const load = async (id: string): Promise<T[]> => {
    const directory = join(path, id)
    try {
      return [await loadRecord(kind, pool.name, directory, files)]
    } catch (error) {
      if (isPassing(error)) throw failureOf(directory, error)
      if (await pathExists(directory))
        damaged.set(id, Error.isError(error) ? error : new Error(messageOf(error)))
      return []
    }
  }
  const records = (await sideBySide(names.filter(isId), FILES_AT_ONCE, load)).flat()
  const dotted = names.filter((name) => name.startsWith('.'))
  const frozen = await sideBySide(
    dotted,
    FILES_AT_ONCE,
    async (name) => [name, await frozenBy(join(path, name))] as const,
  )
  return { records, damaged, unfinished: new Map(frozen) }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return []
    throw error
  }
}
