import { describe, expect, it } from '@jest/globals'
import { newest } from './installation.ts'
import { errorOf } from './psql.ts'
import { numbersOf, transaction } from './transactions.ts'

describe('the newest version', () => {
  it.each([
    [['9.6', '15', '17', '13'], '17'],
    [['9', '10'], '10'],
    [['common'], undefined],
  ])('of %j', (names, expected) => {
    expect(newest(names)).toBe(expected)
  })
})

describe('the outcome of a statement', () => {
  it.each([
    ['@outcome 00000 ', undefined],
    ['@outcome 00000 of an earlier statement', undefined],
    ['@outcome 53100 could not extend file "base/5/16384"', '53100 could not extend file "base/5/16384"'],
  ])('%s', (line, expected) => {
    expect(errorOf(line)).toBe(expected)
  })
})

describe('a transaction', () => {
  it('is one statement', () => {
    expect(transaction(1, 7, 100)).not.toContain(';')
  })

  it.each([
    [0, 1],
    [3, 100_000],
    [3, 2_000_000],
  ])('of client %d with the number %d is on rows that exist', (client, number) => {
    const statement = transaction(client, number, 1)
    const [account, teller] = [/aid = (\d+)/, /tid = (\d+)/].map((key) => Number(key.exec(statement)?.[1]))
    expect(account).toBeGreaterThanOrEqual(1)
    expect(account).toBeLessThanOrEqual(100_000)
    expect(teller).toBeGreaterThanOrEqual(1)
    expect(teller).toBeLessThanOrEqual(10)
  })
})

describe('an inventory', () => {
  const whole = {
    clients: [
      { client: 1, rows: 4, last: 4 },
      { client: 0, rows: 3, last: 3 },
    ],
    wrongPayloads: 0,
    history: 7,
    rows: [100_000, 10, 1],
    balances: [-12, -12, -12, -12],
  }

  it('has the last transaction of each client, also of one that has done none', () => {
    expect(numbersOf(JSON.stringify(whole), 3)).toEqual([3, 4, 0])
  })

  it.each([
    [
      'a transaction is missing before a later one',
      { clients: [{ client: 0, rows: 6, last: 7 }], history: 6 },
    ],
    ['a payload is wrong', { wrongPayloads: 1 }],
    ['the history has another number of rows', { history: 6 }],
    ['an account is missing', { rows: [99_999, 10, 1] }],
    ['an update is missing', { balances: [-12, -12, -11, -12] }],
    ['a client is not known', { clients: [{ client: 3, rows: 7, last: 7 }] }],
  ])('is refused when %s', (_, change) => {
    expect(() => numbersOf(JSON.stringify({ ...whole, ...change }), 3)).toThrow('do not fit together')
  })
})
