import { perform } from '../model/model.ts'
import type { Operation, SnapshotName, VolumeName } from '../model/operations.ts'
import { snapshotsOf, volumesOf, type State } from '../model/state.ts'

/** What a node may have after a power cut. */
export interface Expectation {
  /** One of them. */
  readonly states: readonly State[]
  /** Volumes into which a pod was writing: their content may be anything. */
  readonly written: ReadonlySet<VolumeName>
}

/** What was found, in the model's terms. */
export interface Found {
  readonly volumes: ReadonlyMap<VolumeName, Content>
  readonly snapshots: ReadonlyMap<SnapshotName, Content>
}

export interface Content {
  /** MiB */
  readonly size: number
  readonly stamp: number
  /** Undefined where it was not looked at. */
  readonly isThick?: boolean | undefined
}

/**
 * @param states that were possible before the calls
 * @param underWay calls that had begun and were not answered
 */
export function expectationOf(states: readonly State[], underWay: readonly Operation[]): Expectation {
  const done = orders(underWay).flatMap((operations) =>
    states.map((state) => operations.reduce((after, operation) => perform(after, operation).state, state)),
  )
  const writes = underWay.flatMap((operation) => (operation.call === 'write' ? [operation.volume] : []))
  return { states: done, written: new Set(writes) }
}

/** Any of the operations may have been done, in any order. There are two at most. */
function orders(operations: readonly Operation[]): Operation[][] {
  const [one, other] = operations
  if (!one) return [[]]
  if (!other) return [[], [one]]
  return [[], [one], [other], [one, other], [other, one]]
}

/** @returns undefined when what was found is one of the states; else what differs from each */
export function difference({ states, written }: Expectation, found: Found): string | undefined {
  const differences = states.map((state) => [
    ...differencesOf('volume', new Map(volumesOf(state)), found.volumes, (name) => written.has(name)),
    ...differencesOf('snapshot', new Map(snapshotsOf(state)), found.snapshots, () => false),
  ])
  if (differences.some((lines) => lines.length === 0)) return undefined
  return differences.map((lines) => lines.join('; ')).join(' / or / ')
}

function differencesOf<Name extends string>(
  kind: string,
  expected: ReadonlyMap<Name, Content>,
  found: ReadonlyMap<Name, Content>,
  mayDiffer: (name: Name) => boolean,
): string[] {
  return [...new Set([...expected.keys(), ...found.keys()])].flatMap((name) => {
    const [wanted, is] = [expected.get(name), found.get(name)]
    if (!wanted) return [`${kind} ${name} is there again`]
    if (!is) return [`${kind} ${name} is lost`]
    const sizes = is.size === wanted.size ? [] : [`${kind} ${name} has ${is.size} MiB, not ${wanted.size}`]
    const isSame = is.stamp === wanted.stamp || mayDiffer(name)
    const contents = isSame ? [] : [`${kind} ${name} has the content ${is.stamp}, not ${wanted.stamp}`]
    const isLikeWanted = is.isThick === undefined || is.isThick === (wanted.isThick ?? false)
    const provisioning = isLikeWanted ? [] : [`${kind} ${name} is ${is.isThick ? 'thick' : 'thin'}`]
    return [...sizes, ...contents, ...provisioning]
  })
}
