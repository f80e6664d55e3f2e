import fc from 'fast-check'
import { kinds, type Kind } from './kinds.ts'
import type { Operation, SnapshotName, Source, Step, VolumeName } from './operations.ts'

const MAX_STEPS = 12

const kind = fc.constantFrom<Kind[]>('block', 'block', 'block', 'ext4')

/** Calls that not every machine and pool allows. */
export interface Extent {
  /** Snapshots of several volumes. */
  readonly groups?: boolean
  /** Changes between thin and thick. */
  readonly modifies?: boolean
  /** Mounted ext4 grows, for which the driver needs CAP_SYS_RESOURCE. */
  readonly growsMounted?: boolean
}

function sizeOf(kind: Kind): fc.Arbitrary<number> {
  return fc.constantFrom<number[]>(...kinds[kind].sizes)
}

/** Few names, so that calls meet. */
function volumeOf(kind: Kind): fc.Arbitrary<VolumeName> {
  return fc.constantFrom<VolumeName[]>(`${kind}-a`, `${kind}-a`, `${kind}-b`, `${kind}-c`)
}

function snapshotOf(kind: Kind): fc.Arbitrary<SnapshotName> {
  return fc.constantFrom<SnapshotName[]>(`${kind}-snapshot-a`, `${kind}-snapshot-b`)
}

function sourceOf(kind: Kind): fc.Arbitrary<Source | undefined> {
  const volume = volumeOf(kind).map((name): Source => ({ type: 'volume', name }))
  const snapshot = snapshotOf(kind).map((name): Source => ({ type: 'snapshot', name }))
  const of = (arbitrary: fc.Arbitrary<Source | undefined>, weight: number) => ({ arbitrary, weight })
  return fc.oneof(of(fc.constant(undefined), 4), of(volume, 1), of(snapshot, 1))
}

const call = <Name extends string>(name: Name): fc.Arbitrary<Name> => fc.constant(name)

function callOf(kind: Kind, { groups, modifies }: Extent): fc.Arbitrary<Operation> {
  const [size, volume] = [sizeOf(kind), volumeOf(kind)]
  const snapshot = snapshotOf(kind)
  // The others are mostly there already.
  const copy = fc.constant<VolumeName>(`${kind}-c`)
  const of = (weight: number, arbitrary: fc.Arbitrary<Operation>) => ({ arbitrary, weight })
  return fc.oneof(
    of(6, fc.record({ call: call('create'), volume, size, source: sourceOf(kind) })),
    of(4, fc.record({ call: call('create'), volume: copy, size, source: sourceOf(kind) })),
    of(2, fc.record({ call: call('delete'), volume })),
    of(5, fc.record({ call: call('stage'), volume })),
    of(2, fc.record({ call: call('unstage'), volume })),
    of(5, fc.record({ call: call('publish'), volume })),
    of(2, fc.record({ call: call('unpublish'), volume })),
    of(2, fc.record({ call: call('expand'), volume, size })),
    of(3, fc.record({ call: call('snapshot'), snapshot, volume })),
    of(1, fc.record({ call: call('deleteSnapshot'), snapshot })),
    of(1, fc.constant({ call: 'listVolumes' })),
    of(1, fc.constant({ call: 'listSnapshots' })),
    ...(groups
      ? [of(2, fc.constant({ call: 'group', kind })), of(1, fc.constant({ call: 'deleteGroup', kind }))]
      : []),
    ...(modifies ? [of(2, fc.record({ call: call('modify'), volume, provisioning }))] : []),
  )
}

const provisioning = fc.constantFrom('thin' as const, 'thick' as const)

function stepOf(kind: Kind, extent: Extent): fc.Arbitrary<Step> {
  const [size, volume] = [sizeOf(kind), volumeOf(kind)]
  const of = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ arbitrary, weight })
  // Without the capability, an ext4 is grown at its next stage.
  const canGrow = kind === 'block' || extent.growsMounted
  const growing = canGrow ? [of(4, fc.record({ call: call('nodeExpand'), volume, size }))] : []
  return fc.oneof(
    of(60, callOf(kind, extent)),
    of(20, fc.record({ pair: fc.tuple(callOf(kind, extent), callOf(kind, extent)) })),
    of(12, fc.record({ call: call('write'), volume, stamp })),
    of(8, fc.record({ call: call('read'), volume })),
    of(2, fc.record({ restart: fc.constantFrom('SIGTERM' as const, 'SIGKILL' as const) })),
    ...growing,
  )
}

const stamp = fc.integer({ min: 1, max: 255 })

/** How a volume comes into use, up to some step: calls at random would seldom get that far. */
function beginningOf(volume: VolumeName, size: fc.Arbitrary<number>): fc.Arbitrary<Step[]> {
  return fc.record({ size, stamp, length: fc.integer({ min: 0, max: 4 }) }).map(({ size, stamp, length }) => {
    const steps: Step[] = [
      { call: 'create', volume, size },
      { call: 'stage', volume },
      { call: 'publish', volume },
      { call: 'write', volume, stamp },
    ]
    return steps.slice(0, length)
  })
}

/** All with volumes of one kind, so that they can be made of each other. */
export function sequenceOf(kind: Kind, extent: Extent = {}): fc.Arbitrary<Step[]> {
  return fc
    .tuple(
      beginningOf(`${kind}-a`, sizeOf(kind)),
      beginningOf(`${kind}-b`, sizeOf(kind)),
      fc.array(stepOf(kind, extent), { maxLength: MAX_STEPS, size: 'max' }),
    )
    .map((parts) => parts.flat())
}

export const sequence: fc.Arbitrary<Step[]> = kind.chain((kind) => sequenceOf(kind))
