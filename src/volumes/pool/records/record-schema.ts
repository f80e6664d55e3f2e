import * as v from 'valibot'
import { isId } from '../../model/ids.ts'
import { fsTypes } from '../../model/ports.ts'

/** The parts that the records of volumes and snapshots have in common. */
export const bytes = v.pipe(
  v.string(),
  v.regex(/^\d{1,19}$/),
  v.transform((digits) => BigInt(digits)),
)
export const fsType = v.picklist(fsTypes)
export const accessTypes = v.array(v.picklist(['mount', 'block']))

export const fileSystem = v.variant('state', [
  v.object({ state: v.picklist(['new', 'unknown', 'imported']) }),
  v.object({ state: v.literal('formatted'), uuid: v.string() }),
])

/** Turns a record of one schema version into one of the next. */
export type Migration = (record: Record<string, unknown>) => Record<string, unknown>

/** Version 1 did not say whether a volume was formatted, so it may have been. */
export const addFileSystem: Migration = (record) => ({ ...record, fileSystem: { state: 'unknown' } })

export function id<T extends string>(): v.CustomSchema<T, 'is no id'> {
  return v.custom<T, 'is no id'>((value) => typeof value === 'string' && isId(value), 'is no id')
}

/** A record that a newer version of the driver has written. It is whole, and nothing is to be restored. */
export class NewerRecordError extends Error {
  override readonly name = 'NewerRecordError'
}

/**
 * Reads a record of this or an older schema version.
 * @param migrations from version 1 to 2, from 2 to 3, and so on, up to the version that `schema` describes
 * @throws Error saying which key is wrong, or that the version is not known
 */
export function parseRecord<Schema extends v.GenericSchema>(
  text: string,
  schema: Schema,
  migrations: readonly Migration[],
): v.InferOutput<Schema> {
  const json: unknown = JSON.parse(text)
  const record = v.parse(v.looseObject({ schemaVersion: v.number() }), json)
  const { schemaVersion: found } = record
  const known = migrations.length + 1
  if (found > known) {
    throw new NewerRecordError(
      `schemaVersion is ${found}, this driver knows ${known}: a newer version of the driver has written it; upgrade the driver again, and leave the record as it is`,
    )
  }
  if (!Number.isInteger(found) || found < 1)
    throw new Error(`schemaVersion is ${found}; this driver knows ${known}`)
  const migrated = migrations
    .slice(found - 1)
    .reduce<Record<string, unknown>>((older, migrate) => migrate(older), record)
  const result = v.safeParse(schema, migrated)
  if (result.success) return result.output
  const [issue] = result.issues
  throw new Error(`${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`)
}

/** JSON for people to read, sizes as decimal strings. */
export function printRecord(record: object, migrations: readonly Migration[]): string {
  const print = (_key: string, value: unknown): unknown =>
    typeof value === 'bigint' ? value.toString() : value
  return `${JSON.stringify({ schemaVersion: migrations.length + 1, ...record }, print, 2)}\n`
}
