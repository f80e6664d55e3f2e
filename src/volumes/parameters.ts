import * as v from 'valibot'
import { VolumeError } from './errors.ts'
import { fsTypes, type DirectIo, type FsType } from './ports.ts'
import type { Provisioning } from './volume.ts'

/** What a StorageClass can ask for. Undefined: not asked for. */
export interface VolumeParameters {
  readonly pool: string
  readonly provisioning: Provisioning
  readonly directIo: DirectIo
  readonly fsType: FsType | undefined
  readonly mkfsOptions: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** Keys that csi-provisioner adds by itself (--extra-create-metadata); they describe, they do not ask. */
const METADATA_PREFIX = 'csi.storage.k8s.io/'

const schema = v.strictObject({
  pool: v.optional(v.pipe(v.string(), v.nonEmpty()), 'default'),
  provisioning: v.optional(v.picklist(['thin', 'thick']), 'thin'),
  directIO: v.optional(v.picklist(['auto', 'on', 'off']), 'auto'),
  fsType: v.optional(v.picklist(fsTypes)),
  mkfsOptions: v.optional(v.string(), ''),
})

export const parameterNames = Object.keys(schema.entries)

/**
 * Reads CreateVolume's (and GetCapacity's) parameters.
 * @throws VolumeError invalid-argument naming the parameter and its value
 */
export function parseParameters(parameters: Readonly<Record<string, string>>): VolumeParameters {
  const entries = Object.entries(parameters)
  const isLabel = ([key]: [string, string]) => key.startsWith(METADATA_PREFIX)
  const result = v.safeParse(schema, Object.fromEntries(entries.filter((entry) => !isLabel(entry))))
  if (!result.success) throw new VolumeError('invalid-argument', explain(result.issues[0]))
  const { pool, provisioning, directIO, fsType, mkfsOptions } = result.output
  return {
    pool,
    provisioning,
    directIo: directIO,
    fsType,
    mkfsOptions: mkfsOptions.split(/\s+/).filter((option) => option !== ''),
    labels: Object.fromEntries(
      entries.filter(isLabel).map(([key, value]) => [key.slice(METADATA_PREFIX.length), value]),
    ),
  }
}

function explain(issue: v.InferIssue<typeof schema>): string {
  const key = v.getDotPath(issue)
  if (issue.type === 'strict_object') {
    return `parameters: "${key}" is unknown; known are ${parameterNames.join(', ')}`
  }
  return `parameters: ${key} is ${issue.received}; expected ${issue.expected}`
}
