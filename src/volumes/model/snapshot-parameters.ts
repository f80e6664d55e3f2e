import * as v from 'valibot'
import { parseWith, splitMetadata } from './parameters.ts'

/** What a VolumeSnapshotClass can ask for. */
export interface SnapshotParameters {
  /** How long the writers of a volume may be held up, in milliseconds. */
  readonly freezeTimeoutMs: number
}

const schema = v.strictObject({
  freezeTimeout: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => /^[1-9]\d{0,5}(ms|s)$/.test(text), 'a duration such as 500ms or 10s'),
      v.transform((text) => parseInt(text) * (text.endsWith('ms') ? 1 : 1000)),
    ),
    '60s',
  ),
})

/** @throws VolumeError invalid-argument naming the parameter and its value */
export function parseSnapshotParameters(parameters: Readonly<Record<string, string>>): SnapshotParameters {
  const { freezeTimeout } = parseWith(schema, splitMetadata(parameters).asked, 'parameters')
  return { freezeTimeoutMs: freezeTimeout }
}
