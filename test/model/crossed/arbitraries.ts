import fc from 'fast-check'
import {
  kinds,
  longOperations,
  type Beside,
  type Crossing,
  type Kind,
  type LongOperation,
  type Which,
} from './crossing.ts'

const MAX_BESIDES = 6

const of = <Value>(weight: number, arbitrary: fc.Arbitrary<Value>) => ({ arbitrary, weight })
const call = <Name extends string>(name: Name): fc.Arbitrary<Name> => fc.constant(name)

const volume = fc.oneof(
  of(6, fc.constant<Which>('a')),
  of(1, fc.constant<Which>('b')),
  of(1, fc.constant<Which>('copy')),
)

const parameters = fc.constantFrom<Record<string, string>[]>(
  { provisioning: 'thick' },
  { provisioning: 'thin' },
  { directIO: 'off' },
  { directIO: 'auto' },
)

/** The kernel lets few sandboxes grow a mounted ext4; it is grown at its next stage. */
function growingOf(kind: Kind) {
  return kind === 'ext4' ? [] : [of(5, fc.record({ call: call('nodeExpand'), volume }))]
}

function besideOf(kind: Kind): fc.Arbitrary<Beside> {
  return fc.oneof(
    of(8, fc.record({ call: call('write'), records: fc.integer({ min: 1, max: 3 }) })),
    ...growingOf(kind),
    of(3, fc.record({ call: call('expand'), volume })),
    of(1, fc.record({ call: call('fill'), volume })),
    of(2, fc.record({ call: call('modify'), volume, parameters })),
    of(2, fc.record({ call: call('stage'), volume })),
    of(2, fc.record({ call: call('unstage'), volume })),
    of(1, fc.record({ call: call('publish'), volume })),
    of(2, fc.record({ call: call('unpublish'), volume })),
    of(3, fc.record({ call: call('restage'), volume })),
    of(2, fc.record({ call: call('delete'), volume })),
    of(1, fc.constant<Beside>({ call: 'deleteSnapshot' })),
    of(1, fc.constant<Beside>({ call: 'snapshot' })),
    of(1, fc.constant<Beside>({ call: 'again' })),
    of(1, fc.constant<Beside>({ call: 'abandon' })),
    of(1, fc.constant<Beside>({ call: 'list' })),
    of(1, fc.record({ call: call('trim'), volume })),
    of(
      3,
      fc.record({
        call: call('lazyUnmount'),
        volume,
        of: fc.constantFrom<('staging' | 'target')[]>('staging', 'target'),
      }),
    ),
    of(1, fc.record({ call: call('remount'), volume })),
    of(1, fc.record({ call: call('removeImage'), volume })),
    of(2, fc.constant<Beside>({ call: 'noDescriptors' })),
  )
}

/** About how many steps each of them takes that can be held, from the first on that is its own. */
const steps: Readonly<Record<LongOperation, number>> = {
  snapshot: 60,
  clone: 60,
  group: 90,
  restore: 50,
  export: 30,
  check: 30,
  trim: 30,
  makeThick: 30,
  makeThin: 40,
  grow: 30,
}

/** Between freeze and thaw there are few steps, and much that can go wrong. */
const MAX_STEPS_FROZEN = 25
const freezing: readonly LongOperation[] = ['snapshot', 'clone', 'group', 'makeThin']

function stepOf(operation: LongOperation): fc.Arbitrary<string> {
  const any = fc.integer({ min: 1, max: steps[operation] }).map((number) => `step ${number}`)
  if (!freezing.includes(operation)) return any
  const frozen = fc.integer({ min: 1, max: MAX_STEPS_FROZEN }).map((number) => `FIFREEZE 1 +${number}`)
  return fc.oneof(of(2, any), of(1, frozen))
}

const operation = fc.oneof(
  ...longOperations.map((name) =>
    // Those of the command line cost a process each, and most of what can go wrong is in the others.
    of(['export', 'check', 'trim'].includes(name) ? 1 : name === 'snapshot' ? 8 : 4, fc.constant(name)),
  ),
)

/** One operation with what runs beside it, on volumes of one kind. */
export const crossing: fc.Arbitrary<Crossing> = fc
  .tuple(fc.constantFrom(...kinds), operation)
  .chain(([kind, operation]) =>
    fc.record({
      kind: fc.constant(kind),
      operation: fc.constant(operation),
      isUsed: fc.oneof(of(4, fc.constant(true)), of(1, fc.constant(false))),
      step: stepOf(operation),
      besides: fc.array(besideOf(kind), { minLength: 1, maxLength: MAX_BESIDES, size: 'max' }),
      end: fc.oneof(
        of(7, fc.constant<Crossing['end']>('release')),
        of(1, fc.constant<Crossing['end']>('kill')),
      ),
    }),
  )
