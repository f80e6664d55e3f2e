import fc from 'fast-check'
import type { Kind, Operation, SnapshotName, Source, Step, VolumeName } from './operations.ts'

const MOST_STEPS = 14

const kind = fc.constantFrom<Kind[]>('block', 'block', 'block', 'ext4')

/** In MiB: the smallest ext4, and what it can grow to. */
const size = fc.constantFrom(8, 12, 16)

/** Few names, so that calls meet. */
function volumeOf(kind: Kind): fc.Arbitrary<VolumeName> {
  return fc.constantFrom<VolumeName[]>(`${kind}-a`, `${kind}-b`, `${kind}-c`)
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
  const of = (weight: number, arbitrary: fc.Arbitrary<Operation>) => ({ arbitrary, weight })
  return fc.oneof(
    of(6, fc.record({ call: call('create'), volume, size, source: sourceOf(kind) })),
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

/** A mounted ext4 grows only where the driver has CAP_SYS_RESOURCE; it is grown at its next stage. */
const nodeExpand = fc.record({ call: call('nodeExpand'), volume: volumeOf('block'), size })

const write = fc.record({
  call: call('write'),
  volume: kind.chain(volumeOf),
  stamp: fc.integer({ min: 1, max: 255 }),
})

const read = fc.record({ call: call('read'), volume: kind.chain(volumeOf) })

const pair = kind.chain((kind) => fc.record({ pair: fc.tuple(callOf(kind), callOf(kind)) }))

const restart = fc.record({ restart: fc.constantFrom('SIGTERM' as const, 'SIGKILL' as const) })

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: kind.chain(callOf), weight: 60 },
  { arbitrary: pair, weight: 16 },
  { arbitrary: write, weight: 12 },
  { arbitrary: read, weight: 8 },
  { arbitrary: nodeExpand, weight: 3 },
  { arbitrary: restart, weight: 1 },
)

export const sequence: fc.Arbitrary<Step[]> = fc.array(step, {
  minLength: 1,
  maxLength: MOST_STEPS,
  size: 'max',
})
