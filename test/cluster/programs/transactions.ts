/** A database program, and what of its SQL differs. */
export interface Program {
  readonly name: 'PostgreSQL' | 'SQLite'
  /** Name of its container. */
  readonly container: string
  /** Reads SQL from standard input until the first error. */
  readonly client: readonly string[]
  /** The program of its image that recovers a copy and checks it. */
  readonly check: string
  /** An SQL expression: the filler that belongs to `n`. */
  readonly filler: string
}

const DIGITS = 8
const REPEATS = 32

export const postgres: Program = {
  name: 'PostgreSQL',
  container: 'postgres',
  client: [
    ...['psql', '--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--set=ON_ERROR_STOP=1'],
    ...['--username=postgres', 'postgres'],
  ],
  check: 'check-postgres',
  filler: `repeat(lpad(n::text, ${DIGITS}, '0'), ${REPEATS})`,
}

export const sqlite: Program = {
  name: 'SQLite',
  container: 'sqlite',
  client: ['sqlite3', '-batch', '-bail', '-init', '/dev/null', '/data/db'],
  check: 'check-sqlite',
  // As many zeros as there are repetitions, each replaced.
  filler: `replace(hex(zeroblob(${REPEATS / 2})), '0', printf('%0${DIGITS}d', n))`,
}

/**
 * Durable commits: in the modes that delete or truncate the journal, only EXTRA flushes the directory after
 * that (sqlite.org/pragma.html#pragma_synchronous).
 */
export function sqliteSettings(journalMode: string): string {
  return `PRAGMA journal_mode = ${journalMode}; PRAGMA synchronous = EXTRA;`
}

/** For PostgreSQL and SQLite; does nothing when the tables exist. */
export const createTables = [
  'CREATE TABLE IF NOT EXISTS entries (n bigint PRIMARY KEY, filler text NOT NULL);',
  'CREATE TABLE IF NOT EXISTS totals (total bigint NOT NULL);',
  'INSERT INTO totals SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM totals);',
].join(' ')

export const lastEntry = 'SELECT coalesce(max(n), 0) FROM entries;'

/** Transaction `n` changes two tables, so that half of it can be told. */
export function transaction(n: number): string {
  const filler = String(n).padStart(DIGITS, '0').repeat(REPEATS)
  return [
    'BEGIN;',
    `INSERT INTO entries (n, filler) VALUES (${n}, '${filler}');`,
    `UPDATE totals SET total = total + ${n};`,
    'COMMIT;',
  ].join(' ')
}

/** What a copy has. */
export interface Findings {
  readonly count: number
  readonly last: number
  /** Of the numbers of all entries. */
  readonly sum: number
  /** Which the other table has. */
  readonly total: number
  /** Entries with a wrong filler. */
  readonly wrong: number
  /** Whether the program had to replay or roll back its log. */
  readonly isRecovered: boolean
}

/** One row that `parseFindings` reads. */
export function findingsQuery({ filler }: Program): string {
  const wrong = `(SELECT count(*) FROM entries WHERE filler <> ${filler})`
  const columns = [
    'count(*)',
    'coalesce(max(n), 0)',
    'coalesce(sum(n), 0)',
    '(SELECT total FROM totals)',
    wrong,
  ]
  return `SELECT ${columns.join(` || ' ' || `)} FROM entries`
}

/** @param text what the program of the image that checks copies prints. @throws Error for anything else */
export function parseFindings(text: string): Findings {
  const match = /^(\d+) (\d+) (\d+) (\d+) (\d+)\n(recovered|clean)$/.exec(text.trim())
  if (!match) throw new Error(`not the answer of a database: ${text}`)
  const [count = NaN, last = NaN, sum = NaN, total = NaN, wrong = NaN] = match.slice(1, 6).map(Number)
  return { count, last, sum, total, wrong, isRecovered: match[6] === 'recovered' }
}

/** What a copy may have. */
export interface Expected {
  /** The last transaction that was acknowledged before the copy was asked for. */
  readonly acknowledged: number
  /** The last one that was sent before the copy was there. */
  readonly sent: number
}

/** @returns what is wrong with a copy */
export function problemsOf({ count, last, sum, total, wrong }: Findings, expected: Expected): string[] {
  const { acknowledged, sent } = expected
  const checks: readonly (readonly [isWrong: boolean, problem: string])[] = [
    [last < acknowledged, `it ends with transaction ${last}, and ${acknowledged} was acknowledged before`],
    [last > sent, `it ends with transaction ${last}, and only ${sent} were sent before it was complete`],
    [count !== last, `it has ${count} of the ${last} transactions up to its last one`],
    [sum !== total, `it has half a transaction: the sum is ${sum}, and the total ${total}`],
    [wrong > 0, `${wrong} entries have another content than was written`],
  ]
  return checks.flatMap(([isWrong, problem]) => (isWrong ? [problem] : []))
}
