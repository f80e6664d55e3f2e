import type { FsType } from '../../src/volumes/model/ports/file-systems.ts'

/** What the volumes of a kind have in common. */
export interface KindProperties {
  /** Undefined: raw block volumes. */
  readonly fsType?: FsType
  /** With which they are created. */
  readonly parameters?: Readonly<Record<string, string>>
  /** In MiB: about the smallest that there can be, and what they can grow to. */
  readonly sizes: readonly [number, number, number]
}

/** What volumes are used as. A source and its copies are of one kind. */
export const kinds = {
  block: { sizes: [8, 12, 16] },
  ext4: { fsType: 'ext4', sizes: [8, 12, 16] },
  thick: { fsType: 'ext4', parameters: { provisioning: 'thick' }, sizes: [8, 12, 16] },
  xfs: { fsType: 'xfs', sizes: [300, 304, 320] },
  btrfs: { fsType: 'btrfs', sizes: [128, 144, 160] },
} as const satisfies Record<string, KindProperties>

export type Kind = keyof typeof kinds

export const kindNames = Object.keys(kinds) as Kind[]

export function propertiesOf(kind: Kind): KindProperties {
  return kinds[kind]
}

/** Of a volume or snapshot: its name begins with it. */
export function kindOf(name: string): Kind {
  const kind = kindNames.find((kind) => name.startsWith(`${kind}-`))
  if (kind) return kind
  throw new Error(`${name} is of no kind`)
}
