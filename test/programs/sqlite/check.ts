import { DatabaseSync } from 'node:sqlite'
import { ACCOUNTS, payloadOf, transferOf } from './content.ts'

/**
 * `node check.ts FILE PAYLOAD-BYTES`: opens the database, which recovers it, and prints the number of its
 * last transaction. Fails unless SQLite finds no damage, and all of each transaction is there.
 */
const [file = '', payloadBytes = ''] = process.argv.slice(2)
const database = new DatabaseSync(file)

const verdict = database.prepare('PRAGMA integrity_check').all()
expectEqual('the integrity check', verdict, [{ integrity_check: 'ok' }])

const balances = Array.from({ length: ACCOUNTS }, () => 0)
let last = 0
for (const row of database.prepare('SELECT number, payload FROM transactions ORDER BY number').iterate()) {
  last++
  const payload = Buffer.from(payloadOf(last, Number(payloadBytes)))
  if (row['number'] !== last || !payload.equals(row['payload'] as Uint8Array))
    throw new Error(`${file}: transaction ${last} is not there, or not whole`)
  const { from, to, amount } = transferOf(last)
  balances[from] = (balances[from] ?? 0) - amount
  balances[to] = (balances[to] ?? 0) + amount
}
const found = database.prepare('SELECT balance FROM accounts ORDER BY id').all()
expectEqual(
  'the balances',
  found.map((row) => row['balance']),
  balances,
)
database.close()
console.log(last)

function expectEqual(what: string, value: unknown, expected: unknown): void {
  const [is, wanted] = [JSON.stringify(value), JSON.stringify(expected)]
  if (is !== wanted) throw new Error(`${file}: ${what}: ${is}, not ${wanted}`)
}
