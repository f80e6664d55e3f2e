import type { Database } from '../support/database.ts'
import { Tally } from '../support/tally.ts'
import type { CopyKind, Episode } from './plan.ts'

export type Event = 'kills' | 'moves' | 'expansions' | 'fioPasses' | 'fioCopies' | 'backups'

/** What a run has tried. What it finds wrong ends it. */
export class CopyFindings {
  readonly #copies = new Tally()
  readonly #places = new Tally()
  readonly #events = new Map<Event, number>()

  /** @param transactions how many were in it */
  copied(database: Database, kind: CopyKind, { fsType, pool }: Episode, transactions: number): void {
    const row = `${database.kind === 'sqlite' ? 'SQLite' : 'PostgreSQL'}, ${database.variant}`
    this.#copies.add(row, columns[kind])
    this.#copies.add(row, TRANSACTIONS, transactions)
    this.#places.add(fsType, `pool ${pool}`)
  }

  happened(event: Event, times = 1): void {
    this.#events.set(event, (this.#events.get(event) ?? 0) + times)
  }

  /** @returns Markdown */
  report(seed: number): string {
    const count = (event: Event): number => this.#events.get(event) ?? 0
    return `Seed ${seed}. Every copy was consistent, and had every transaction acknowledged before it was asked for.

${this.#copies.table('copies of', [...Object.values(columns), TRANSACTIONS])}

They were on these file systems, in a pool that copies (default) and one that shares blocks (instant):

${this.#places.table('file system', ['pool default', 'pool instant'])}

Meanwhile the driver was killed ${count('kills')} times, databases were moved ${count('moves')} times, and volumes
expanded ${count('expansions')} times. fio verified ${count('fioPasses')} passes over a file, and copies of it:
${count('fioCopies')}. Copies that restic backed up and restored: ${count('backups')}.`
  }
}

const columns: Record<CopyKind, string> = { snapshot: 'snapshots', clone: 'clones', group: 'group snapshots' }

const TRANSACTIONS = 'transactions in them'
