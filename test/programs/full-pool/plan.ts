import { fsTypes, type FsType } from '../../../src/volumes/model/ports/file-systems.ts'
import { at } from '../../support/at.ts'
import { randomFrom } from '../../support/random.ts'
import type { Layout } from '../postgresql/postgresql.ts'
import type { JournalMode } from '../sqlite/sqlite.ts'

/** What takes the last part of the margin: the databases, or the other program. */
export type Filler = 'databases' | 'another program'

/** What happens while the disk is full. */
export type Disruption = 'nothing' | 'the driver is killed' | 'a snapshot is asked for'

/** Databases on a disk that becomes full, and gets room again. */
export interface Round {
  readonly number: number
  /** Of the pool's disk. */
  readonly below: FsType
  /** Of the volumes. */
  readonly fsType: FsType
  readonly layout: Layout
  readonly journalMode: JournalMode
  readonly whenFull: 'freeze' | 'fail'
  readonly filler: Filler
  /** What the other program leaves free, in parts of the margin. */
  readonly leaves: number
  readonly disruption: Disruption
  /** How long the disk stays full, in milliseconds. */
  readonly holdMs: number
}

/**
 * In every fourth round writes fail instead of waiting; but not on btrfs, which may abort its transaction
 * when it has no block left, and then is read-only until it is mounted again.
 */
const FAILING_EVERY = 4

/** More than a frozen volume waits for its first turn. */
const MAX_HOLD_MS = 8000

/**
 * The rounds of a run. Nine that follow each other have each file system in volumes on each file system of
 * the disk.
 */
export function planOf(seed: number, rounds: number): Round[] {
  const random = randomFrom(seed)
  const start = Math.floor(random() * fsTypes.length ** 2)
  return Array.from({ length: rounds }, (_, number) => roundOf(number, start + number, random))
}

function roundOf(number: number, turn: number, random: () => number): Round {
  const pick = <T>(items: readonly T[]): T => at(items, Math.floor(random() * items.length))
  const below = at(fsTypes, turn % fsTypes.length)
  const isFailing = number % FAILING_EVERY === FAILING_EVERY - 1 && below !== 'btrfs'
  const whenFull = isFailing ? 'fail' : 'freeze'
  const filler = pick<Filler>(['databases', 'another program'])
  // More than the margin, so that the databases take the last part of it; or less.
  const leaves = filler === 'databases' && whenFull === 'freeze' ? 1.2 + random() : 0.1 + 0.8 * random()
  return {
    number,
    below,
    fsType: at(fsTypes, (turn + Math.floor(turn / fsTypes.length)) % fsTypes.length),
    layout: pick(['one volume', 'data and WAL']),
    journalMode: pick(['WAL', 'rollback']),
    whenFull,
    filler,
    leaves,
    disruption: pick<Disruption>(['nothing', 'the driver is killed', 'a snapshot is asked for']),
    holdMs: Math.round(random() * MAX_HOLD_MS),
  }
}
