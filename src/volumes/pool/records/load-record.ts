import { basename, join } from 'node:path'
import { whilePassing } from '../../concurrency/passing.ts'
import type { ImageFiles } from '../../model/ports.ts'
import { imageSize } from './damage.ts'
import { IMAGE } from './draft.ts'
import { readSmall } from '../files/read-small.ts'

/** What is particular to volumes, or to snapshots. */
export interface RecordKind<T> {
  /** The folder in the pool. */
  readonly folder: string
  /** The file beside the image. */
  readonly recordName: string
  readonly encode: (record: T) => string
  /**
   * @param imageBytes the size of the image
   * @throws Error saying what is wrong with the record or the image
   */
  readonly decode: (text: string, pool: string, imageBytes: bigint) => T
}

/**
 * Reads one record, of the directory that is named after its id.
 * @throws ImageDamage, or another Error saying what is wrong with it; an error that `isPassing` says nothing
 * of the record
 */
export async function loadRecord<T extends { readonly id: string }>(
  kind: RecordKind<T>,
  pool: string,
  directory: string,
  files: ImageFiles,
): Promise<T> {
  const text = await whilePassing(() => readSmall(join(directory, kind.recordName)))
  const { logical } = await whilePassing(() => imageSize(files, join(directory, IMAGE)))
  const record = kind.decode(text, pool, logical)
  if (record.id !== basename(directory)) throw new Error(`${kind.recordName} is of ${record.id}`)
  return record
}
