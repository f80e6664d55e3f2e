import * as v from 'valibot'
import type { Numbers } from '../support/ledger.ts'

/** pgbench's tables at scale 1 have this many rows (pgbench(1), "-s"). */
const ACCOUNTS = 100_000
const TELLERS = 10
const BRANCHES = 1

/** What md5() returns has so many characters. */
const MD5_CHARACTERS = 32

/** Another prime for each column, so that clients meet now and then. */
const STRIDE = { account: 7919, teller: 31, delta: 104_729 }
const MAX_DELTA = 5000

/**
 * A table beside pgbench's, with a row for each transaction. Its payload follows from the row's key, and is
 * not compressed, so that it takes space.
 */
export const schema = [
  'CREATE TABLE transactions (client int, number int, payload text, PRIMARY KEY (client, number))',
  'ALTER TABLE transactions ALTER payload SET STORAGE EXTERNAL',
].join('; ')

/**
 * The transaction of pgbench ("TPC-B (sort of)"), and the row with its number: one statement, so one answer
 * says whether all of it is done.
 */
export function transaction(client: number, number: number, payloadBytes: number): string {
  const seed = number * (client + 1)
  const account = 1 + ((seed * STRIDE.account) % ACCOUNTS)
  const teller = 1 + ((seed * STRIDE.teller) % TELLERS)
  const delta = ((seed * STRIDE.delta) % (2 * MAX_DELTA)) - MAX_DELTA
  return `WITH
    a AS (UPDATE pgbench_accounts SET abalance = abalance + ${delta} WHERE aid = ${account}),
    t AS (UPDATE pgbench_tellers SET tbalance = tbalance + ${delta} WHERE tid = ${teller}),
    b AS (UPDATE pgbench_branches SET bbalance = bbalance + ${delta} WHERE bid = ${BRANCHES}),
    h AS (INSERT INTO pgbench_history (tid, bid, aid, delta, mtime)
      VALUES (${teller}, ${BRANCHES}, ${account}, ${delta}, CURRENT_TIMESTAMP))
    INSERT INTO transactions VALUES (${client}, ${number}, ${payload(`${client}`, `${number}`, payloadBytes)})`
}

/** @param client an SQL expression @param number another one */
function payload(client: string, number: string, bytes: number): string {
  return `repeat(md5(${client} || ':' || ${number}), ${Math.ceil(bytes / MD5_CHARACTERS)})`
}

/** A query for all that must hold between the tables, as one JSON object. */
export function inventoryQuery(payloadBytes: number): string {
  return `SELECT json_build_object(
    'clients', (SELECT coalesce(json_agg(json_build_object('client', client, 'rows', rows, 'last', last)), '[]')
      FROM (SELECT client, count(*) AS rows, max(number) AS last FROM transactions GROUP BY client) AS each_client),
    'wrongPayloads', (SELECT count(*) FROM transactions
      WHERE payload <> ${payload('client', 'number', payloadBytes)}),
    'history', (SELECT count(*) FROM pgbench_history),
    'rows', json_build_array((SELECT count(*) FROM pgbench_accounts), (SELECT count(*) FROM pgbench_tellers),
      (SELECT count(*) FROM pgbench_branches)),
    'balances', json_build_array((SELECT sum(abalance) FROM pgbench_accounts),
      (SELECT sum(tbalance) FROM pgbench_tellers), (SELECT sum(bbalance) FROM pgbench_branches),
      (SELECT coalesce(sum(delta), 0) FROM pgbench_history)))`
}

const Inventory = v.object({
  clients: v.array(v.object({ client: v.number(), rows: v.number(), last: v.number() })),
  wrongPayloads: v.number(),
  history: v.number(),
  rows: v.array(v.number()),
  balances: v.array(v.number()),
})

/**
 * @param text the answer to `inventoryQuery`
 * @returns the last transaction of each client
 * @throws Error when a transaction is there in part, or one is missing before a later one
 */
export function numbersOf(text: string, clients: number): Numbers {
  const { clients: found, wrongPayloads, history, rows, balances } = v.parse(Inventory, JSON.parse(text))
  const total = found.reduce((all, client) => all + client.rows, 0)
  const holds =
    found.every((client) => client.rows === client.last && client.client < clients) &&
    wrongPayloads === 0 &&
    history === total &&
    rows.join() === [ACCOUNTS, TELLERS, BRANCHES].join() &&
    new Set(balances).size === 1
  if (!holds) throw new Error(`the tables do not fit together: ${text}`)
  return Array.from(
    { length: clients },
    (_, client) => found.find((each) => each.client === client)?.last ?? 0,
  )
}
