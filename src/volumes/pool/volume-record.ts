import * as v from 'valibot'
import { isVolumeId } from '../ids.ts'
import { fsTypes } from '../ports.ts'
import type { Volume } from '../volume.ts'

/**
 * `volume.json`, the one file beside a volume's image. It holds what was asked for; what is attached or mounted is the
 * kernel's to know and is never written down.
 */
const SCHEMA_VERSION = 1

const bytes = v.pipe(
  v.string(),
  v.regex(/^\d{1,19}$/),
  v.transform((digits) => BigInt(digits)),
)

const schema = v.object({
  id: v.custom<Volume['id']>((id) => typeof id === 'string' && isVolumeId(id)),
  name: v.string(),
  capacityBytes: bytes,
  accessTypes: v.array(v.picklist(['mount', 'block'])),
  fsType: v.picklist(fsTypes),
  provisioning: v.picklist(['thin', 'thick']),
  directIo: v.picklist(['auto', 'on', 'off']),
  mkfsOptions: v.array(v.string()),
  createdAt: v.string(),
  labels: v.record(v.string(), v.string()),
})

export function encodeVolume(volume: Volume): string {
  const record = {
    schemaVersion: SCHEMA_VERSION,
    ...volume,
    capacityBytes: volume.capacityBytes.toString(),
    pool: undefined,
  }
  return `${JSON.stringify(record, undefined, 2)}\n`
}

/**
 * @param pool the pool that the file was found in, which may be renamed and is therefore not in the file
 * @throws Error saying what is wrong with the file
 */
export function decodeVolume(text: string, pool: string): Volume {
  const json: unknown = JSON.parse(text)
  const { schemaVersion } = v.parse(v.object({ schemaVersion: v.number('schemaVersion is missing') }), json)
  if (schemaVersion !== SCHEMA_VERSION) {
    throw new Error(`schemaVersion is ${schemaVersion}; this driver knows ${SCHEMA_VERSION}`)
  }
  const result = v.safeParse(schema, json)
  if (!result.success) {
    const [issue] = result.issues
    throw new Error(`${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`)
  }
  return { ...result.output, pool }
}
