import * as v from 'valibot'
import { parseBytes } from './bytes.ts'
import { parseParameters, parseWith, type VolumeParameters } from './parameters.ts'
import { fsTypes } from './ports.ts'

/** What a pod can ask of the volume that it declares in its own specification. */
export interface EphemeralAttributes {
  /** Undefined: not asked for. */
  readonly sizeBytes: bigint | undefined
  readonly parameters: VolumeParameters
}

/** Keys that the kubelet adds (podInfoOnMount): they describe the pod, and ask for nothing. */
const KUBELET_PREFIX = 'csi.storage.k8s.io/'

const size = v.pipe(
  v.string(),
  v.check((text) => (parseBytes(text) ?? 0n) > 0n, 'a quantity such as 1Gi'),
)

const schema = v.strictObject({
  size: v.optional(size),
  fsType: v.optional(v.picklist(fsTypes)),
  pool: v.optional(v.pipe(v.string(), v.nonEmpty())),
})

type Strings = Readonly<Record<string, string>>

/** True for a volume that is made by its first publish, and lives as long as its pod. */
export function isEphemeral(volumeContext: Strings): boolean {
  return volumeContext[`${KUBELET_PREFIX}ephemeral`] === 'true'
}

/** @throws VolumeError invalid-argument naming the attribute and its value */
export function parseEphemeralAttributes(volumeContext: Strings): EphemeralAttributes {
  const entries = Object.entries(volumeContext).filter(([key]) => !key.startsWith(KUBELET_PREFIX))
  const asked = Object.fromEntries(entries)
  const { size } = parseWith(schema, asked, 'volume_context')
  const { size: _size, ...parameters } = asked
  return {
    sizeBytes: size === undefined ? undefined : parseBytes(size),
    parameters: parseParameters(parameters),
  }
}
