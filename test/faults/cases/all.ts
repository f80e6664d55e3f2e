import type { Case } from './case.ts'
import { nodeCases } from './nodes.ts'
import { readingCases } from './reading.ts'
import { snapshotCases } from './snapshots.ts'
import { volumeCases } from './volumes.ts'

/** Those that take longest come first, so that no lane waits for another in the end. */
const all = { ...snapshotCases, ...volumeCases, ...nodeCases, ...readingCases }

/** @param calls which of them, by their names */
export function casesOf(calls: RegExp): ReadonlyMap<string, Case> {
  return new Map(Object.entries(all).filter(([call]) => calls.test(call)))
}
