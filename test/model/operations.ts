import type { Kind } from './kinds.ts'

/** Names begin with the kind. */
export type VolumeName = `${Kind}-${'a' | 'b' | 'c'}`
/** A member is one of the group of a and b. */
export type SnapshotName = `${Kind}-${'snapshot' | 'member'}-${'a' | 'b'}`

export interface Source {
  readonly type: 'volume' | 'snapshot'
  readonly name: VolumeName | SnapshotName
}

/** One call of CSI, or what a pod does with its volume. Sizes are in MiB. */
export type Operation =
  | {
      readonly call: 'create'
      readonly volume: VolumeName
      readonly size: number
      readonly source?: Source | undefined
    }
  | { readonly call: 'delete'; readonly volume: VolumeName }
  | { readonly call: 'stage'; readonly volume: VolumeName }
  | { readonly call: 'unstage'; readonly volume: VolumeName }
  | { readonly call: 'publish'; readonly volume: VolumeName }
  | { readonly call: 'unpublish'; readonly volume: VolumeName }
  | { readonly call: 'expand'; readonly volume: VolumeName; readonly size: number }
  | { readonly call: 'nodeExpand'; readonly volume: VolumeName; readonly size: number }
  | { readonly call: 'snapshot'; readonly snapshot: SnapshotName; readonly volume: VolumeName }
  | { readonly call: 'deleteSnapshot'; readonly snapshot: SnapshotName }
  /** Of the volumes a and b. */
  | { readonly call: 'group'; readonly kind: Kind }
  | { readonly call: 'deleteGroup'; readonly kind: Kind }
  | { readonly call: 'modify'; readonly volume: VolumeName; readonly provisioning: 'thin' | 'thick' }
  | { readonly call: 'listVolumes' }
  | { readonly call: 'listSnapshots' }
  | { readonly call: 'write'; readonly volume: VolumeName; readonly stamp: number }
  | { readonly call: 'read'; readonly volume: VolumeName }

/** One after another, except for the two of a pair, which are called at the same time. */
export type Step =
  Operation | { readonly pair: readonly [Operation, Operation] } | { readonly restart: 'SIGTERM' | 'SIGKILL' }

/** How a call ends: a gRPC code, with what there is in the answer after an OK. */
export type Outcome = string

/** The sources of a group and its members. */
export function membersOf(kind: Kind): { readonly volume: VolumeName; readonly snapshot: SnapshotName }[] {
  return (['a', 'b'] as const).map((name) => ({
    volume: `${kind}-${name}`,
    snapshot: `${kind}-member-${name}`,
  }))
}

export function isPodWork({ call }: Operation): boolean {
  return call === 'write' || call === 'read'
}
