import { fsTypes, type FsType } from '../../../src/volumes/model/ports/file-systems.ts'
import { at } from '../../support/at.ts'
import { randomFrom } from '../../support/random.ts'
import type { Layout } from '../postgresql/postgresql.ts'
import type { JournalMode } from '../sqlite/sqlite.ts'
import type { Ending, Kind } from '../support/database.ts'
import { IMAGE_POOL } from '../support/world.ts'

export type CopyKind = 'snapshot' | 'clone' | 'group'

/** What happens while a copy is made. */
export type Meanwhile = 'nothing' | 'kill' | 'expand' | 'move'

export type Step =
  | { readonly do: 'copy'; readonly of: Kind; readonly kind: CopyKind; readonly meanwhile: Meanwhile }
  /** Of the volume that fio writes. */
  | { readonly do: 'copy fio'; readonly kind: 'snapshot' | 'clone' }
  | { readonly do: 'move'; readonly of: Kind; readonly how: Ending }
  | { readonly do: 'expand'; readonly of: Kind | 'fio' }
  | { readonly do: 'kill' }

/** Databases on new volumes, and what happens to them, one after the other. */
export interface Episode {
  readonly number: number
  readonly fsType: FsType
  readonly pool: Pool
  readonly layout: Layout
  readonly journalMode: JournalMode
  /** Of which database a copy is backed up. */
  readonly backedUp: Kind
  readonly steps: readonly Step[]
}

/** The first copies, the other shares blocks. */
export const pools = ['default', IMAGE_POOL] as const
export type Pool = (typeof pools)[number]

/** So many copies of each database are made in one episode. */
const COPIES_PER_EPISODE = 2

type Random = () => number

/**
 * The episodes of a run, with so many copies of each kind of database. Twelve that follow each other have
 * each layout on each file system in each pool.
 */
export function planOf(seed: number, copies: number): Episode[] {
  const random = randomFrom(seed)
  const start = Math.floor(random() * 12)
  const count = Math.ceil(copies / COPIES_PER_EPISODE)
  return Array.from({ length: count }, (_, number) => {
    const left = copies - number * COPIES_PER_EPISODE
    return episodeOf(number, start + number, Math.min(COPIES_PER_EPISODE, left), random)
  })
}

function episodeOf(number: number, turn: number, copies: number, random: Random): Episode {
  const layout = turn % 2 === 0 ? 'data and WAL' : 'one volume'
  const journalMode = pick<JournalMode>(['WAL', 'rollback'], random)
  const copy = (of: Kind): Step => copyOf(of, layout, random)
  const steps: Step[] = [
    ...Array.from({ length: copies }, () => [copy('postgresql'), copy('sqlite')]).flat(),
    { do: 'copy fio', kind: pick(['snapshot', 'clone'], random) },
    { do: 'expand', of: 'fio' },
    { do: 'expand', of: pick(['postgresql', 'sqlite'], random) },
    { do: 'move', of: 'postgresql', how: pick(['stop', 'kill'], random) },
    { do: 'move', of: 'sqlite', how: pick(['stop', 'kill'], random) },
    { do: 'kill' },
  ]
  return {
    number,
    fsType: at(fsTypes, turn % fsTypes.length),
    pool: at(pools, Math.floor(turn / 2) % pools.length),
    layout,
    journalMode,
    backedUp: pick(['postgresql', 'sqlite'], random),
    steps: shuffled(steps, random),
  }
}

/** Of two volumes only a group has one point in time. */
function copyOf(of: Kind, layout: Layout, random: Random): Step {
  const isOnTwo = of === 'postgresql' && layout === 'data and WAL'
  const kind = isOnTwo ? 'group' : pick<CopyKind>(['snapshot', 'clone', 'group'], random)
  // A clone cannot be smaller than its source, so one of a growing source would be refused.
  const others: readonly Meanwhile[] = kind === 'clone' ? ['kill', 'move'] : ['kill', 'move', 'expand']
  return { do: 'copy', of, kind, meanwhile: pick(['nothing', ...others], random) }
}

function pick<T>(items: readonly T[], random: Random): T {
  return at(items, Math.floor(random() * items.length))
}

/** By Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const [a, b] = [at(result, last), at(result, other)]
    result[last] = b
    result[other] = a
  }
  return result
}
