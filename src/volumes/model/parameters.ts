import * as v from 'valibot'
import { checkAttributes } from './attributes.ts'
import { VolumeError } from './errors.ts'
import { fsTypes, type FsType } from './ports.ts'
import type { VolumeAttributes } from './volume.ts'

/** What a StorageClass can ask for. Undefined: not asked for. */
export interface VolumeParameters extends VolumeAttributes {
  readonly pool: string
  readonly fsType: FsType | undefined
  readonly mkfsOptions: readonly string[]
  /**
   * `imported`: somebody puts an image with a file system in the place of the blank one; the driver never
   * makes one.
   */
  readonly content: 'new' | 'imported'
  readonly labels: Readonly<Record<string, string>>
}

/** Keys that the sidecars add by themselves (--extra-create-metadata); they describe, they do not ask. */
const METADATA_PREFIX = 'csi.storage.k8s.io/'

/** What the router adds to them: the UID of the cluster that the volume is made for. */
export const CLUSTER_UID_LABEL = 'cluster-uid'

/** What a VolumeAttributesClass can ask for, too. */
const mutable = {
  provisioning: v.picklist(['thin', 'thick']),
  directIO: v.picklist(['auto', 'on', 'off']),
  discard: v.picklist(['none', 'online', 'periodic']),
}

const schema = v.strictObject({
  pool: v.optional(v.pipe(v.string(), v.nonEmpty()), 'default'),
  fsType: v.optional(v.picklist(fsTypes)),
  mkfsOptions: v.optional(v.string(), ''),
  content: v.optional(v.picklist(['new', 'imported']), 'new'),
  provisioning: v.optional(mutable.provisioning, 'thin'),
  directIO: v.optional(mutable.directIO, 'auto'),
  discard: v.optional(mutable.discard, 'none'),
})

const mutableSchema = v.strictObject({
  provisioning: v.optional(mutable.provisioning),
  directIO: v.optional(mutable.directIO),
  discard: v.optional(mutable.discard),
})

type Strings = Readonly<Record<string, string>>

/**
 * Reads CreateVolume's (and GetCapacity's) parameters. Where both have a key, the mutable one counts.
 * @throws VolumeError invalid-argument naming the parameter and its value
 */
export function parseParameters(parameters: Strings, mutableParameters: Strings = {}): VolumeParameters {
  const { asked, labels } = splitMetadata(parameters)
  parseWith(mutableSchema, mutableParameters, 'mutable_parameters')
  const { directIO, mkfsOptions, ...others } = parseWith(
    schema,
    { ...asked, ...mutableParameters },
    'parameters',
  )
  checkAttributes({ ...others, directIo: directIO })
  return {
    ...others,
    fsType: others.fsType,
    directIo: directIO,
    mkfsOptions: mkfsOptions.split(/\s+/).filter((option) => option !== ''),
    labels,
  }
}

/** Tells what a class asks for from what the sidecars add, whose keys are cut to `pvc/name` and the like. */
export function splitMetadata(parameters: Strings): { asked: Strings; labels: Strings } {
  const entries = Object.entries(parameters)
  const isLabel = ([key]: [string, string]) => key.startsWith(METADATA_PREFIX)
  const labels = entries.filter(isLabel).map(([key, value]) => [key.slice(METADATA_PREFIX.length), value])
  return {
    asked: Object.fromEntries(entries.filter((entry) => !isLabel(entry))),
    labels: Object.fromEntries(labels) as Strings,
  }
}

/**
 * Reads ControllerModifyVolume's parameters: what is absent stays as it is.
 * @throws VolumeError invalid-argument naming the parameter and its value
 */
export function parseMutableParameters(parameters: Strings): Partial<VolumeAttributes> {
  const { provisioning, directIO, discard } = parseWith(mutableSchema, parameters, 'mutable_parameters')
  return {
    ...(provisioning && { provisioning }),
    ...(directIO && { directIo: directIO }),
    ...(discard && { discard }),
  }
}

/** @throws VolumeError invalid-argument naming the field, the key, its value, and what is possible */
export function parseWith<Schema extends v.GenericSchema>(
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
