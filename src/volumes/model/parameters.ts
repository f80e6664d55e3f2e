import * as v from 'valibot'
import {
  attributeKeys,
  checkAttributes,
  parameterKeys,
  parameterOf,
  type Parameter,
  type ParameterKey,
  type ParameterValues,
  type VolumeAttributes,
} from './attributes.ts'
import { parseBytes } from './bytes.ts'
import { VolumeError } from './errors.ts'

/** The parameters of a StorageClass. */
export interface VolumeParameters extends ParameterValues {
  readonly labels: Strings
}

/** The parameters of a VolumeSnapshotClass. */
export interface SnapshotParameters {
  /** How long a volume may be frozen, in milliseconds. */
  readonly freezeTimeoutMs: number
}

/** The attributes of an inline volume. */
export interface EphemeralAttributes {
  /** Undefined: not requested. */
  readonly sizeBytes: bigint | undefined
  readonly parameters: VolumeParameters
}

type Strings = Readonly<Record<string, string>>

/**
 * Keys that the sidecars (--extra-create-metadata) and the kubelet (podInfoOnMount) add. They describe the
 * purpose of the volume, and are not parameters.
 */
const METADATA_PREFIX = 'csi.storage.k8s.io/'

/** The router adds this one: the UID of the cluster that the volume is made for. */
export const CLUSTER_UID_LABEL = 'cluster-uid'

const volumeSchema = schemaOf(parameterKeys, ({ inherited, default: value }) =>
  inherited ? undefined : value,
)
const mutableSchema = schemaOf(attributeKeys, () => undefined)

const snapshotSchema = v.strictObject({
  freezeTimeout: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => /^[1-9]\d{0,5}(ms|s)$/.test(text), 'a duration such as 500ms or 10s'),
      v.transform((text) => parseInt(text) * (text.endsWith('ms') ? 1 : 1000)),
    ),
    '60s',
  ),
})

const size = v.pipe(
  v.string(),
  v.check((text) => (parseBytes(text) ?? 0n) > 0n, 'a quantity such as 1Gi'),
)

const ephemeralSchema = v.strictObject({
  size: v.optional(size),
  ...schemaOf(['fsType', 'pool'], () => undefined).entries,
})

/**
 * Reads CreateVolume's (and GetCapacity's) parameters. A mutable parameter replaces the parameter of the same
 * key.
 * @throws VolumeError invalid-argument naming the parameter and its value
 */
export function parseParameters(parameters: Strings, mutableParameters: Strings = {}): VolumeParameters {
  const { asked, labels } = splitMetadata(parameters)
  parseWith(mutableSchema, mutableParameters, 'mutable_parameters')
  const merged = { ...asked, ...mutableParameters }
  const values = byKey(parseWith(volumeSchema, merged, 'parameters'), parameterKeys) as ParameterValues
  checkAttributes(values)
  return { ...values, labels }
}

/**
 * Reads ControllerModifyVolume's parameters: absent ones stay unchanged.
 * @throws VolumeError invalid-argument naming the parameter and its value
 */
export function parseMutableParameters(parameters: Strings): Partial<VolumeAttributes> {
  const parsed = parseWith(mutableSchema, parameters, 'mutable_parameters')
  return byKey(
    parsed,
    attributeKeys.filter((key) => parameterOf(key).parameter in parsed),
  )
}

/** The StorageClass parameters by which a volume gets these attributes. */
export function toParameters(attributes: VolumeAttributes): Strings {
  return Object.fromEntries(attributeKeys.map((key) => [parameterOf(key).parameter, attributes[key]]))
}

/** @throws VolumeError invalid-argument naming the parameter and its value */
export function parseSnapshotParameters(parameters: Strings): SnapshotParameters {
  const { freezeTimeout } = parseWith(snapshotSchema, splitMetadata(parameters).asked, 'parameters')
  return { freezeTimeoutMs: freezeTimeout }
}

/** True for an inline volume, which its publish creates and its unpublish deletes. */
export function isEphemeral(volumeContext: Strings): boolean {
  return volumeContext[`${METADATA_PREFIX}ephemeral`] === 'true'
}

/** @throws VolumeError invalid-argument naming the attribute and its value */
export function parseEphemeralAttributes(volumeContext: Strings): EphemeralAttributes {
  const { asked } = splitMetadata(volumeContext)
  const { size } = parseWith(ephemeralSchema, asked, 'volume_context')
  const { size: _size, ...parameters } = asked
  return {
    sizeBytes: size === undefined ? undefined : parseBytes(size),
    parameters: parseParameters(parameters),
  }
}

/** Separates the parameters of a class from the metadata, whose keys become `pvc/name` and the like. */
function splitMetadata(parameters: Strings): { asked: Strings; labels: Strings } {
  const entries = Object.entries(parameters)
  const isLabel = ([key]: [string, string]) => key.startsWith(METADATA_PREFIX)
  const labels = entries.filter(isLabel).map(([key, value]) => [key.slice(METADATA_PREFIX.length), value])
  return {
    asked: Object.fromEntries(entries.filter((entry) => !isLabel(entry))),
    labels: Object.fromEntries(labels) as Strings,
  }
}

/** The schema of an object with these parameters. @param defaultOf the value of an absent parameter */
function schemaOf(keys: readonly ParameterKey[], defaultOf: (row: Parameter) => string | undefined) {
  const rows = keys.map(parameterOf)
  return v.strictObject(
    Object.fromEntries(rows.map((row) => [row.parameter, v.optional(valueSchema(row), defaultOf(row))])),
  )
}

function valueSchema({ values }: Parameter): v.GenericSchema<string, string | readonly string[]> {
  if (values === 'name') return v.pipe(v.string(), v.nonEmpty())
  if (values !== 'words') return v.picklist(values)
  return v.pipe(
    v.string(),
    v.transform((text) => text.split(/\s+/).filter((word) => word !== '')),
  )
}

/** The values of these parameters, by their names in the code. */
function byKey(
  parsed: Readonly<Record<string, unknown>>,
  keys: readonly ParameterKey[],
): Partial<ParameterValues> {
  return Object.fromEntries(keys.map((key) => [key, parsed[parameterOf(key).parameter]]))
}

/** @throws VolumeError invalid-argument naming the field, the key, its value, and the possible values */
function parseWith<Schema extends v.GenericSchema>(
  schema: Schema & { readonly entries: object },
  parameters: Strings,
  field: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, parameters)
  if (result.success) return result.output
  const [issue] = result.issues
  const key = v.getDotPath(issue) ?? ''
  const known = Object.keys(schema.entries)
  if (!known.includes(key)) {
    throw new VolumeError('invalid-argument', `${field}: "${key}" is unknown; known are ${known.join(', ')}`)
  }
  const expected = issue.type === 'regex' ? issue.message : (issue.expected ?? issue.message)
  throw new VolumeError('invalid-argument', `${field}: ${key} is ${issue.received}; expected ${expected}`)
}
