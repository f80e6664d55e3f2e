import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from '@jest/globals'
import {
  createTables,
  findingsQuery,
  lastEntry,
  parseFindings,
  problemsOf,
  sqlite,
  transaction,
  type Findings,
} from './transactions.ts'

const good: Findings = { count: 4, last: 4, sum: 10, total: 10, wrong: 0, isRecovered: true }
const expected = { acknowledged: 3, sent: 5 }

describe('a copy', () => {
  it('is good with all acknowledged transactions, and none that was not sent', () => {
    expect(problemsOf(good, expected)).toEqual([])
    expect(problemsOf(good, { acknowledged: 4, sent: 4 })).toEqual([])
  })

  it.each([
    [{ acknowledged: 5 }, {}, 'it ends with transaction 4, and 5 was acknowledged before'],
    [{ sent: 3 }, {}, 'it ends with transaction 4, and only 3 were sent before it was complete'],
    [{}, { count: 3 }, 'it has 3 of the 4 transactions up to its last one'],
    [{}, { total: 6 }, 'it has half a transaction: the sum is 10, and the total 6'],
    [{}, { wrong: 2 }, '2 entries have another content than was written'],
  ])('with %j and %j is wrong', (others, damage, problem) => {
    expect(problemsOf({ ...good, ...damage }, { ...expected, ...others })).toEqual([problem])
  })
})

describe('the answer of a database', () => {
  it.each([
    ['4 4 10 10 0\nrecovered\n', good],
    ['0 0 0 0 0\nclean', { count: 0, last: 0, sum: 0, total: 0, wrong: 0, isRecovered: false }],
  ])('%j is read', (text, findings) => {
    expect(parseFindings(text)).toEqual(findings)
  })

  it.each(['', '4 4 10 10\nclean', 'ERROR\nclean', '4 4 10 10 0'])('%j is refused', (text) => {
    expect(() => parseFindings(text)).toThrow('not the answer')
  })
})

describe('the SQL, in SQLite', () => {
  const answerOf = (database: DatabaseSync): string =>
    `${Object.values(database.prepare(findingsQuery(sqlite)).get() ?? {}).join()}\nclean`

  function filled(transactions: number): DatabaseSync {
    const database = new DatabaseSync(':memory:')
    database.exec(createTables)
    for (let n = 1; n <= transactions; n++) database.exec(transaction(n))
    return database
  }

  it('gives findings without a problem', () => {
    const database = filled(4)
    // As for a writer that starts again.
    database.exec(createTables)
    expect(problemsOf(parseFindings(answerOf(database)), expected)).toEqual([])
    expect(Object.values(database.prepare(lastEntry).get() ?? {})).toEqual([4])
  })

  it('finds entries of an empty database', () => {
    expect(parseFindings(answerOf(filled(0)))).toMatchObject({ count: 0, last: 0, sum: 0, total: 0 })
  })

  it('tells a changed entry', () => {
    const database = filled(4)
    database.exec("UPDATE entries SET filler = '' WHERE n = 2")
    expect(parseFindings(answerOf(database))).toMatchObject({ wrong: 1 })
  })
})
