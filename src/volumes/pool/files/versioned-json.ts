import * as v from 'valibot'
import { replaceFile } from './durable.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** Turns a record of one schema version into one of the next version. */
export type Migration = (record: JsonObject) => JsonObject

/** A record that a newer version of the driver wrote. It is not damaged, so nothing has to be restored. */
export class NewerRecordError extends Error {
  override readonly name = 'NewerRecordError'
  /** The schema version of the record. */
  readonly found: number
  /** The newest schema version that this driver can read. */
  readonly known: number

  constructor(found: number, known: number) {
    super(
      `schemaVersion is ${found}, this driver knows ${known}: a newer version of the driver has written it; upgrade the driver again, and leave the record as it is`,
    )
    this.found = found
    this.known = known
  }
}

/**
 * A kind of JSON file that the driver writes. Each file says in which schema version it was written. This
 * driver reads that version and all earlier ones, and writes the newest.
 */
export class VersionedJson<Schema extends v.GenericSchema> {
  readonly #schema: Schema
  readonly #migrations: readonly Migration[]
  /** The version that this driver writes. */
  readonly #version: number

  /**
   * @param schema of the newest version
   * @param migrations from version 1 to 2, from 2 to 3, and so on, up to the newest version
   */
  constructor(schema: Schema, migrations: readonly Migration[] = []) {
    this.#schema = schema
    this.#migrations = migrations
    this.#version = migrations.length + 1
  }

  /**
   * Reads a record of this or an earlier schema version.
   * @throws NewerRecordError; another Error that says which key of a damaged record is wrong
   */
  parse(text: string): v.InferOutput<Schema> {
    const json: unknown = JSON.parse(text)
    const record = v.parse(v.looseObject({ schemaVersion: v.number() }), json)
    const { schemaVersion: found } = record
    if (found > this.#version) throw new NewerRecordError(found, this.#version)
    if (!Number.isInteger(found) || found < 1)
      throw new Error(`schemaVersion is ${found}; this driver knows ${this.#version}`)
    const migrated = this.#migrations
      .slice(found - 1)
      .reduce<JsonObject>((older, migrate) => migrate(older), record)
    const result = v.safeParse(this.#schema, migrated)
    if (result.success) return result.output
    const [issue] = result.issues
    throw new Error(`${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`)
  }

  /** JSON that people can read. Sizes are decimal strings: a JSON number loses precision above 2^53. */
  print(record: object): string {
    const print = (_key: string, value: unknown): unknown =>
      typeof value === 'bigint' ? value.toString() : value
    return `${JSON.stringify({ schemaVersion: this.#version, ...record }, print, 2)}\n`
  }

  /** Replaces the file in one step: after a crash it has the old or the new content. */
  async write(file: string, record: object): Promise<void> {
    await replaceFile(file, this.print(record))
  }
}
