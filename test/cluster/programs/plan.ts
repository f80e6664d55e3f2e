import { randomFrom } from '../../support/random.ts'
import { replicas } from './replicas.ts'

/** How a copy of a program's volumes is made. */
export const copyKinds = ['snapshot', 'clone', 'group'] as const
export type CopyKind = (typeof copyKinds)[number]

/** What happens while a copy is made. */
export const disturbances = [
  'none',
  'driver killed',
  'driver pod deleted',
  'controller pod deleted',
  'program evicted',
  'program deleted',
  'claims expanded',
] as const
export type Disturbance = (typeof disturbances)[number]

/** One copy, and what disturbs it. */
export interface Round {
  readonly copy: CopyKind
  readonly replica: number
  readonly disturbance: Disturbance
  /** From the creation of the copy to the disturbance; negative when the disturbance is first. */
  readonly leadMs: number
}

const LEAD_MS = { least: -2000, most: 3000 }

/**
 * The rounds of a run: `copies` of each kind, from the replicas in turn, in any order. All disturbances have
 * happened before one happens again. The same seed gives the same rounds.
 */
export function planOf(copies: number, seed: number): Round[] {
  const random = randomFrom(seed)
  const wanted = copyKinds.flatMap((copy) => {
    const first = Math.floor(random() * replicas.length)
    return Array.from({ length: copies }, (_, index) => ({
      copy,
      replica: (first + index) % replicas.length,
    }))
  })
  const next = inTurn(disturbances, random)
  return shuffled(wanted, random).map(({ copy, replica }) => ({
    copy,
    replica,
    disturbance: next(),
    leadMs: Math.round(LEAD_MS.least + random() * (LEAD_MS.most - LEAD_MS.least)),
  }))
}

function inTurn<T>(items: readonly T[], random: () => number): () => T {
  let deck: T[] = []
  return () => {
    if (deck.length === 0) deck = shuffled(items, random)
    return deck.pop() as T
  }
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[result[last], result[other]] = [result[other] as T, result[last] as T]
  }
  return result
}
