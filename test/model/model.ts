import { kindOf, propertiesOf, type Kind } from './kinds.ts'
import {
  membersOf,
  type Operation,
  type Outcome,
  type SnapshotName,
  type Source,
  type VolumeName,
} from './operations.ts'
import {
  withSnapshot,
  withVolume,
  withoutVolume,
  type ModelSnapshot,
  type ModelVolume,
  type State,
} from './state.ts'

/** How a call has to end, and what is there afterwards. */
export interface Result {
  readonly outcome: Outcome
  readonly state: State
}

/** What CSI 1.13 says of one call. A call that fails changes nothing. */
export function perform(state: State, operation: Operation): Result {
  const stay = (outcome: Outcome): Result => ({ outcome, state })
  switch (operation.call) {
    case 'create':
      return create(state, operation)
    case 'snapshot':
      return snapshot(state, operation.snapshot, operation.volume)
    case 'deleteSnapshot':
      return { outcome: 'OK', state: withSnapshot(state, operation.snapshot) }
    case 'group':
      return group(state, operation.kind)
    case 'deleteGroup':
      return { outcome: 'OK', state: withMembers(state, operation.kind, () => undefined) }
    case 'listVolumes':
      return stay(`OK ${listing(state.volumes, ({ size }) => `${size}`)}`)
    case 'listSnapshots':
      return stay(`OK ${listing(state.snapshots, ({ source, size }) => `${source} ${size}`)}`)
    case 'delete':
    case 'stage':
    case 'unstage':
    case 'publish':
    case 'unpublish':
    case 'expand':
    case 'nodeExpand':
    case 'modify':
    case 'write':
    case 'read':
      return onVolume(state, operation)
  }
}

/** What the answer of a list comes to. */
export function listing<Entry>(
  entries: Readonly<Partial<Record<string, Entry>>>,
  print: (entry: Entry) => string,
): string {
  const lines = Object.entries(entries).flatMap(([name, entry]) => (entry ? [`${name} ${print(entry)}`] : []))
  return lines.sort().join(', ')
}

function create(
  state: State,
  { volume, size, source }: Extract<Operation, { readonly call: 'create' }>,
): Result {
  const existing = state.volumes[volume]
  if (existing) {
    const isSame = sourceText(existing.source) === sourceText(source) && existing.size >= size
    return { outcome: isSame ? `OK ${existing.size}` : 'ALREADY_EXISTS', state }
  }
  const origin = source && sourceOf(state, source)
  if (source && !origin) return { outcome: 'NOT_FOUND', state }
  if (origin && origin.size > size) return { outcome: 'OUT_OF_RANGE', state }
  const { parameters } = propertiesOf(kindOf(volume))
  const made: ModelVolume = {
    size,
    source,
    stamp: origin?.stamp ?? 0,
    isStaged: false,
    isPublished: false,
    isThick: isThick(parameters?.['provisioning']),
  }
  return { outcome: `OK ${size}`, state: withVolume(state, volume, made) }
}

function sourceOf(state: State, { type, name }: Source): ModelVolume | ModelSnapshot | undefined {
  return type === 'volume' ? state.volumes[name as VolumeName] : state.snapshots[name as SnapshotName]
}

function sourceText(source: Source | undefined): string {
  return source ? `${source.type} ${source.name}` : ''
}

function snapshot(state: State, name: SnapshotName, source: VolumeName): Result {
  const existing = state.snapshots[name]
  if (existing)
    return { outcome: existing.source === source ? `OK ${existing.size}` : 'ALREADY_EXISTS', state }
  const made = snapshotOf(state, source)
  if (!made) return { outcome: 'NOT_FOUND', state }
  return { outcome: `OK ${made.size}`, state: withSnapshot(state, name, made) }
}

function isThick(provisioning: string | undefined): true | undefined {
  return provisioning === 'thick' ? true : undefined
}

/** All members are there, or none is. */
function group(state: State, kind: Kind): Result {
  const members = membersOf(kind)
  if (members.every(({ snapshot }) => state.snapshots[snapshot])) return { outcome: 'OK', state }
  if (members.some(({ volume }) => !state.volumes[volume])) return { outcome: 'NOT_FOUND', state }
  return { outcome: 'OK', state: withMembers(state, kind, (name) => snapshotOf(state, name)) }
}

function withMembers(
  state: State,
  kind: Kind,
  memberOf: (volume: VolumeName) => ModelSnapshot | undefined,
): State {
  return membersOf(kind).reduce(
    (after, { volume, snapshot }) => withSnapshot(after, snapshot, memberOf(volume)),
    state,
  )
}

function snapshotOf({ volumes }: State, source: VolumeName): ModelSnapshot | undefined {
  const volume = volumes[source]
  return volume && { source, size: volume.size, stamp: volume.stamp }
}

type VolumeOperation = Extract<
  Operation,
  {
    readonly call:
      | 'delete'
      | 'stage'
      | 'unstage'
      | 'publish'
      | 'unpublish'
      | 'expand'
      | 'nodeExpand'
      | 'modify'
      | 'write'
      | 'read'
  }
>

function onVolume(state: State, operation: VolumeOperation): Result {
  const { call, volume: name } = operation
  const volume = state.volumes[name]
  if (!volume) {
    const isGone = call === 'delete' || call === 'unstage' || call === 'unpublish'
    return { outcome: isGone ? 'OK' : 'NOT_FOUND', state }
  }
  const { size, stamp, isStaged, isPublished } = volume
  const become = (change: Partial<ModelVolume>, outcome: Outcome = 'OK'): Result => ({
    outcome,
    state: withVolume(state, name, { ...volume, ...change }),
  })
  const refuse: Result = { outcome: 'FAILED_PRECONDITION', state }
  switch (operation.call) {
    case 'delete':
      return isStaged ? refuse : { outcome: 'OK', state: withoutVolume(state, name) }
    case 'stage':
      return become({ isStaged: true })
    case 'unstage':
      return isPublished ? refuse : become({ isStaged: false })
    case 'publish':
      return isStaged ? become({ isPublished: true }) : refuse
    case 'unpublish':
      return become({ isPublished: false })
    case 'nodeExpand':
    case 'expand': {
      const grown = Math.max(size, operation.size)
      return become({ size: grown }, `OK ${grown}`)
    }
    case 'modify':
      return become({ isThick: isThick(operation.provisioning) })
    case 'write':
      return become({ stamp: operation.stamp })
    case 'read':
      return become({}, `OK ${stamp}`)
  }
}
