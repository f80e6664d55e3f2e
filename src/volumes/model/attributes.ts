import { VolumeError } from './errors.ts'
import { fsTypes } from './ports/file-systems.ts'

/** A parameter of a StorageClass. */
export interface Parameter {
  /** Its key in a StorageClass or a VolumeAttributesClass. */
  readonly parameter: string
  /** A list of choices; `name`: any non-empty text; `words`: a list separated by spaces. */
  readonly values: readonly string[] | 'name' | 'words'
  readonly default: string
  /** A value of the volume's source takes precedence over the default. */
  readonly inherited?: true
  /**
   * Whether a VolumeAttributesClass can change it while the volume exists. Then it is an attribute of the
   * volume, which `volume.json` has under the key of this table.
   */
  readonly mutable: boolean
  /** Precedes the value of an attribute where people read it, unless the value explains itself. */
  readonly label?: string
}

/**
 * The parameters of a StorageClass, by their names in the code. The parsing of parameters, the schema of
 * `volume.json`, the comparison of a repeated CreateVolume, and the command line follow from this table; a
 * test compares docs/reference/parameters.md with it.
 *
 * A new mutable parameter is a row here, a migration in pool/records/record-kinds.ts, which gives existing
 * volumes their value, and the code that applies it.
 */
export const parameterTable = {
  pool: { parameter: 'pool', values: 'name', default: 'default', mutable: false },
  fsType: { parameter: 'fsType', values: fsTypes, default: 'ext4', inherited: true, mutable: false },
  mkfsOptions: { parameter: 'mkfsOptions', values: 'words', default: '', mutable: false },
  /** `imported`: an image with a file system replaces the blank one, so the driver never makes one. */
  content: { parameter: 'content', values: ['new', 'imported'], default: 'new', mutable: false },
  /** Thin images are sparse and take space as they are written; thick ones are fully allocated. */
  provisioning: { parameter: 'provisioning', values: ['thin', 'thick'], default: 'thin', mutable: true },
  /** `on` fails where the file system of the image cannot do direct I/O; `auto` then uses the page cache. */
  directIo: {
    parameter: 'directIO',
    values: ['auto', 'on', 'off'],
    default: 'auto',
    mutable: true,
    label: 'direct I/O',
  },
  /**
   * When blocks that the file system no longer uses are freed in the pool: never, at once (the `discard`
   * mount option), or on a schedule (FITRIM).
   */
  discard: {
    parameter: 'discard',
    values: ['none', 'online', 'periodic'],
    default: 'none',
    mutable: true,
    label: 'discard',
  },
} as const satisfies Readonly<Record<string, Parameter>>

type Table = typeof parameterTable
export type ParameterKey = keyof Table
type AttributeKey = { [K in ParameterKey]: Table[K]['mutable'] extends true ? K : never }[ParameterKey]

type ValueOf<P extends Parameter> = P['values'] extends readonly (infer Value)[]
  ? Value
  : P['values'] extends 'words'
    ? readonly string[]
    : string

/** The values of all parameters. Undefined: not requested, and without a default. */
export type ParameterValues = {
  readonly [K in ParameterKey]: ValueOf<Table[K]> | (Table[K] extends { inherited: true } ? undefined : never)
}

/** The attributes of a volume that can be changed while it exists (ControllerModifyVolume). */
export type VolumeAttributes = Pick<ParameterValues, AttributeKey>

/** The table in its order. */
export const parameterKeys = Object.keys(parameterTable) as ParameterKey[]

/** In the order in which `volume.json` and the command line have them. */
export const attributeKeys = parameterKeys.filter((key): key is AttributeKey => parameterTable[key].mutable)

export function parameterOf(key: ParameterKey): Parameter {
  return parameterTable[key]
}

/** Only the attributes of a volume. */
export function attributesOf(volume: VolumeAttributes): VolumeAttributes {
  return Object.fromEntries(attributeKeys.map((key) => [key, volume[key]])) as VolumeAttributes
}

/** The attributes of a volume that is created without parameters. */
export const defaultAttributes = Object.fromEntries(
  attributeKeys.map((key) => [key, parameterTable[key].default]),
) as VolumeAttributes

/**
 * Thick means that all blocks are allocated at all times; discarding frees blocks.
 * @throws VolumeError invalid-argument for attributes that contradict each other
 */
export function checkAttributes({ provisioning, discard }: VolumeAttributes): void {
  if (provisioning !== 'thick' || discard === 'none') return
  throw new VolumeError(
    'invalid-argument',
    `provisioning "thick" and discard "${discard}" contradict each other: discarded blocks go back to the pool. Use discard "none", or provisioning "thin"`,
  )
}
