import { Tally } from '../support/tally.ts'
import type { Round } from './plan.ts'

/**
 * What a full disk was for a database: it waited and saw no error; it refused transactions; or it ended, or
 * refused all, and its pod was restarted.
 */
export type Outcome = 'waited' | 'refused' | 'restarted'

const outcomes: readonly Outcome[] = ['waited', 'refused', 'restarted']
const columns = ['rounds', ...outcomes, 'corrupt', 'transactions']

/** What a run has tried. A corrupt database, or a lost transaction, ends it. */
export class FullPoolFindings {
  readonly #tallies = { freeze: new Tally(), fail: new Tally() }
  readonly #errors = new Tally()

  /** @param transactions how many were there in the end */
  survived({ below, whenFull }: Round, outcomes: readonly Outcome[], transactions: number): void {
    const tally = this.#tallies[whenFull]
    tally.add(below, 'rounds')
    tally.add(below, 'transactions', transactions)
    for (const outcome of outcomes) tally.add(below, outcome)
  }

  /** @param message what a database has said when it refused a transaction, or when it ended */
  told({ whenFull }: Round, message: string): void {
    this.#errors.add(withoutNames(message), whenFull)
  }

  /** @returns Markdown */
  report(seed: number): string {
    return `Seed ${seed}. No database was corrupt, and every acknowledged transaction was there. Each
round has a PostgreSQL and a SQLite: the tables have how many waited and saw no error, refused transactions and went
on by themselves, or were restarted, by the file system of the pool's disk.

With \`whenFull: freeze\`, the default:

${this.#tallies.freeze.table('disk', columns)}

With \`whenFull: fail\`:

${this.#tallies.fail.table('disk', columns)}

What the databases were told, and how often:

${this.#errors.table('error', ['freeze', 'fail'])}`
  }
}

/** The last line, without what differs from file to file, or what a table in Markdown cannot have. */
export function withoutNames(message: string): string {
  const last = message.trim().split('\n').at(-1) ?? ''
  return last
    .replaceAll(/"[^"]*"/g, '"…"')
    .replaceAll(/(?<=\s|^)\d+(?=\s|$)/g, '…')
    .replaceAll('|', '/')
}
