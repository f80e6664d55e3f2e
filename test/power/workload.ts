import fc from 'fast-check'
import type { SimulatedDisk } from '../disk/simulated-disk.ts'
import { sequence } from '../model/arbitraries.ts'
import type { Operation } from '../model/operations.ts'
import { call, operationsOf } from '../model/sequence.ts'
import { empty, type State } from '../model/state.ts'
import { Subject } from '../model/subject.ts'
import type { TestNode } from '../support/driver.ts'

/** What was called, and what could be there before. */
export interface Episode {
  readonly states: readonly State[]
  readonly operations: readonly Operation[]
}

/** The texts of the marks in the journal: when an episode begins, and when all its calls were answered. */
export const begun = (episode: number): string => `begun ${episode}`
export const answered = (episode: number): string => `answered ${episode}`

/**
 * Makes random calls on a driver, and marks in the journal of its disk when they begin and are answered.
 * @returns the episodes in their order; the last one has no calls
 */
export async function runWorkload(
  node: TestNode,
  start: () => Promise<void>,
  disk: SimulatedDisk,
  seed: number,
  sequences: number,
): Promise<Episode[]> {
  const subject = new Subject(node)
  const episodes: Episode[] = []
  let states: State[] = [empty]
  for (const step of fc.sample(sequence, { seed, numRuns: sequences }).flat()) {
    if ('restart' in step) {
      await node.driver.end(step.restart)
      await start()
      continue
    }
    const operations = operationsOf(states, step)
    if (operations.length === 0) continue
    const episode = episodes.length
    episodes.push({ states, operations })
    await disk.mark(begun(episode))
    states = await call(subject, states, operations)
    await disk.mark(answered(episode))
  }
  episodes.push({ states, operations: [] })
  return episodes
}
