import type { SnapshotName, Source, VolumeName } from './operations.ts'

export interface ModelVolume {
  /** MiB */
  readonly size: number
  readonly source: Source | undefined
  /** What was written last; 0 while nothing was. */
  readonly stamp: number
  readonly isStaged: boolean
  readonly isPublished: boolean
  /** Absent: thin. */
  readonly isThick?: true | undefined
}

export interface ModelSnapshot {
  readonly source: VolumeName
  /** MiB */
  readonly size: number
  readonly stamp: number
}

/**
 * All that a driver knows and the kernel shows, in the words of CSI. Never changed: a call makes another one.
 */
export interface State {
  readonly volumes: Readonly<Partial<Record<VolumeName, ModelVolume>>>
  readonly snapshots: Readonly<Partial<Record<SnapshotName, ModelSnapshot>>>
}

export const empty: State = { volumes: {}, snapshots: {} }

export function withVolume(state: State, name: VolumeName, volume: ModelVolume): State {
  return { ...state, volumes: { ...state.volumes, [name]: volume } }
}

export function withoutVolume(state: State, name: VolumeName): State {
  return { ...state, volumes: { ...state.volumes, [name]: undefined } }
}

export function withSnapshot(state: State, name: SnapshotName, snapshot?: ModelSnapshot): State {
  return { ...state, snapshots: { ...state.snapshots, [name]: snapshot } }
}

/** Those that are there. */
export function volumesOf({ volumes }: State): [VolumeName, ModelVolume][] {
  return present(volumes)
}

/** Those that are there. */
export function snapshotsOf({ snapshots }: State): [SnapshotName, ModelSnapshot][] {
  return present(snapshots)
}

function present<Name extends string, Entry>(
  entries: Readonly<Partial<Record<Name, Entry>>>,
): [Name, Entry][] {
  return (Object.entries(entries) as [Name, Entry | undefined][]).flatMap(([name, entry]) =>
    entry === undefined ? [] : [[name, entry]],
  )
}
