import fc from 'fast-check'
import type { SimulatedDisk } from '../disk/simulated-disk.ts'
import { sequence } from '../model/arbitraries.ts'
import type { Operation, Step } from '../model/operations.ts'
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

/** Notes an episode: before its calls, and when all of them were answered. */
export interface Notes {
  begin(episode: Episode): Promise<void>
  /** @param states what can be there now */
  end(states: readonly State[]): Promise<void>
}

/**
 * Makes the calls of a step, noting it; none when a pod would work with what it does not have.
 * @returns what can be there afterwards
 */
export async function makeCalls(
  subject: Subject,
  states: State[],
  step: Exclude<Step, { readonly restart: unknown }>,
  notes: Notes,
): Promise<State[]> {
  const operations = operationsOf(states, step)
  if (operations.length === 0) return states
  await notes.begin({ states, operations })
  const after = await call(subject, states, operations)
  await notes.end(after)
  return after
}

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
  const notes: Notes = {
    begin: (episode) => disk.mark(begun(episodes.push(episode) - 1)),
    end: () => disk.mark(answered(episodes.length - 1)),
  }
  let states: State[] = [empty]
  for (const step of fc.sample(sequence, { seed, numRuns: sequences }).flat()) {
    if ('restart' in step) {
      await node.driver.end(step.restart)
      await start()
    } else states = await makeCalls(subject, states, step, notes)
  }
  episodes.push({ states, operations: [] })
  return episodes
}
