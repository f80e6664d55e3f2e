import fc from 'fast-check'
import type { Kind, Operation, SnapshotName, Source, Step, VolumeName } from './operations.ts'

const MAX_STEPS = 12

const kind = fc.constantFrom<Kind[]>('block', 'block', 'block', 'ext4')

/** In MiB: the smallest ext4, and what it can grow to. */
const size = fc.constantFrom(8, 12, 16)

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

function callOf(kind: Kind): fc.Arbitrary<Operation> {
  const volume = volumeOf(kind)
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
  )
}

function stepOf(kind: Kind): fc.Arbitrary<Step> {
  const volume = volumeOf(kind)
  const of = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ arbitrary, weight })
  // A mounted ext4 grows only where the driver has CAP_SYS_RESOURCE; it is grown at its next stage.
  const growing = kind === 'block' ? [of(4, fc.record({ call: call('nodeExpand'), volume, size }))] : []
  return fc.oneof(
    of(60, callOf(kind)),
    of(20, fc.record({ pair: fc.tuple(callOf(kind), callOf(kind)) })),
    of(12, fc.record({ call: call('write'), volume, stamp })),
    of(8, fc.record({ call: call('read'), volume })),
    of(2, fc.record({ restart: fc.constantFrom('SIGTERM' as const, 'SIGKILL' as const) })),
    ...growing,
  )
}

const stamp = fc.integer({ min: 1, max: 255 })

/** How a volume comes into use, up to some step: calls at random would seldom get that far. */
function beginningOf(volume: VolumeName): fc.Arbitrary<Step[]> {
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
export const sequence: fc.Arbitrary<Step[]> = kind.chain((kind) =>
  fc
    .tuple(
      beginningOf(`${kind}-a`),
      beginningOf(`${kind}-b`),
      fc.array(stepOf(kind), { maxLength: MAX_STEPS, size: 'max' }),
    )
    .map((parts) => parts.flat()),
)
