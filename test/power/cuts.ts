import type { Entry } from '../disk/journal.ts'

/** Which of the writes since the last flush a disk has kept. */
export const rules = ['all', 'none', 'torn', 'last', 'subset'] as const
export type Rule = (typeof rules)[number]

/** A power cut: the disk has all entries up to its last flush, and of the later ones what the rule says. */
export interface Cut {
  /** How many entries had reached the disk. */
  readonly at: number
  readonly rule: Rule
}

/** An entry that changes the content. */
export type Change = Extract<Entry, { readonly type: 'write' | 'discard' }>

const SECTOR_BYTES = 512

/** How many of the first `at` entries are durable: up to and with the last flush. */
export function durable(entries: readonly Entry[], at: number): number {
  return entries.findLastIndex((entry, index) => index < at && entry.type === 'flush') + 1
}

/**
 * What a disk has kept of the changes that it had not flushed. A disk may keep any of them, and of a write
 * any sectors.
 * @param random between 0 and 1
 */
export function kept(changes: readonly Change[], rule: Rule, random: () => number): Change[] {
  switch (rule) {
    case 'all':
      return [...changes]
    case 'none':
      return []
    case 'torn':
      return changes.map((change, index) => (index === changes.length - 1 ? torn(change) : change))
    case 'last':
      return changes.slice(-1)
    case 'subset':
      return changes.filter(() => random() < 0.5)
  }
}

/** The first half of its sectors. */
function torn(change: Change): Change {
  return { ...change, length: Math.floor(change.length / SECTOR_BYTES / 2) * SECTOR_BYTES }
}

/**
 * The cuts to try: just before each flush, where most is at stake, and once after it, by each rule in turn.
 * @param from the first entry of interest
 */
export function cutsOf(entries: readonly Entry[], from: number): Cut[] {
  const flushes = entries.flatMap(({ type }, index) => (type === 'flush' && index >= from ? [index] : []))
  return flushes.flatMap((index) => {
    const isEmpty = !entries.slice(durable(entries, index), index).some(isChange)
    return isEmpty ? [{ at: index + 1, rule: 'none' as const }] : rules.map((rule) => ({ at: index, rule }))
  })
}

export function isChange(entry: Entry): entry is Change {
  return entry.type === 'write' || entry.type === 'discard'
}
