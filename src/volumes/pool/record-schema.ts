import * as v from 'valibot'
import { isId } from '../ids.ts'
import { fsTypes } from '../ports.ts'

/** The parts that the records of volumes and snapshots have in common. */
export const bytes = v.pipe(
  v.string(),
  v.regex(/^\d{1,19}$/),
  v.transform((digits) => BigInt(digits)),
)
export const fsType = v.picklist(fsTypes)
export const accessTypes = v.array(v.picklist(['mount', 'block']))

export function id<T extends string>(): v.CustomSchema<T, 'is no id'> {
  return v.custom<T, 'is no id'>((value) => typeof value === 'string' && isId(value), 'is no id')
}

/**
 * Reads a record of one schema version.
 * @throws Error saying which key is wrong, or that the version is not known
 */
export function parseRecord<Schema extends v.GenericSchema>(
  text: string,
  schemaVersion: number,
  schema: Schema,
): v.InferOutput<Schema> {
  const json: unknown = JSON.parse(text)
  const found = v.parse(v.object({ schemaVersion: v.number() }), json).schemaVersion
  if (found !== schemaVersion)
    throw new Error(`schemaVersion is ${found}; this driver knows ${schemaVersion}`)
  const result = v.safeParse(schema, json)
  if (result.success) return result.output
  const [issue] = result.issues
  throw new Error(`${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`)
}

/** JSON for people to read, sizes as decimal strings. */
export function printRecord(schemaVersion: number, record: object): string {
  const print = (_key: string, value: unknown): unknown =>
    typeof value === 'bigint' ? value.toString() : value
  return `${JSON.stringify({ schemaVersion, ...record }, print, 2)}\n`
}
