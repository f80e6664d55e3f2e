import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../../../src/volumes/model/errors.ts'
import { ACCOUNTS, payloadOf, transferOf } from './content.ts'

/**
 * `node client.ts FILE JOURNAL-MODE PAYLOAD-BYTES`: opens the database, and prints the number of its last
 * transaction. For each number that it reads, does that transaction and prints `done`, or what SQLite said.
 */

/** Result codes (sqlite.org/rescode.html) after which a program tries again. Any other error ends it. */
const SQLITE_BUSY = 5
const SQLITE_FULL = 13

const [file = '', journalMode = '', payloadBytes = ''] = process.argv.slice(2)
const database = new DatabaseSync(file)
// FULL syncs a truncated journal, but not the directory of a deleted one (sqlite.org/pragma.html, EXTRA).
database.exec(`PRAGMA journal_mode = ${journalMode}; PRAGMA synchronous = FULL`)
database.exec(`BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY, balance INTEGER);
  CREATE TABLE IF NOT EXISTS transactions (number INTEGER PRIMARY KEY, payload BLOB);
  WITH RECURSIVE ids (id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id < ${ACCOUNTS - 1})
    INSERT OR IGNORE INTO accounts SELECT id, 0 FROM ids;
  COMMIT`)
const insert = database.prepare('INSERT INTO transactions VALUES (?, ?)')
const add = database.prepare('UPDATE accounts SET balance = balance + ? WHERE id = ?')
const last = database.prepare('SELECT coalesce(max(number), 0) AS last FROM transactions').get()

console.log(String(last?.['last']))
try {
  for await (const line of createInterface(process.stdin)) console.log(transact(Number(line)))
} catch (error) {
  console.error(messageOf(error))
  // Otherwise standard input keeps the process running.
  process.exit(1)
}

function transact(number: number): string {
  const { from, to, amount } = transferOf(number)
  try {
    database.exec('BEGIN IMMEDIATE')
    insert.run(number, payloadOf(number, Number(payloadBytes)))
    add.run(-amount, from)
    add.run(amount, to)
    database.exec('COMMIT')
    return 'done'
  } catch (error) {
    if (!isRefusal(error)) throw error
    if (database.isTransaction) database.exec('ROLLBACK')
    return error.message
  }
}

/** The low byte of an extended code is the code. */
function isRefusal(error: unknown): error is Error {
  const { errcode = 0 } = error as { errcode?: number }
  return [SQLITE_BUSY, SQLITE_FULL].includes(errcode & 0xff)
}
