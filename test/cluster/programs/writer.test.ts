import { describe, expect, it } from '@jest/globals'
import { eventually } from '../../support/eventually.ts'
import type { Client } from './client.ts'
import { Writer } from './writer.ts'

/** A database in memory that ends its session at given transactions. */
class FakeDatabase {
  last = 0
  /** Transactions at which the session ends, before or after the commit. */
  readonly endsBefore = new Set<number>()
  readonly endsAfter = new Set<number>()

  connect = (): Client => ({
    ask: (sql) => Promise.resolve().then(() => this.#answer(sql)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })

  #answer(sql: string): string[] {
    if (sql.startsWith('SELECT')) return [String(this.last)]
    const n = Number(/VALUES \((\d+)/.exec(sql)?.[1] ?? 0)
    if (n === 0) return []
    if (this.endsBefore.delete(n)) throw new Error('ended before the commit')
    if (n !== this.last + 1) throw new Error(`${n} after ${this.last}`)
    this.last = n
    if (this.endsAfter.delete(n)) throw new Error('ended after the commit')
    return []
  }
}

const startWriter = (database: FakeDatabase): Writer =>
  new Writer(
    { name: 'a database', connect: database.connect, settings: '' },
    { betweenTransactionsMs: 0, beforeConnectMs: 1 },
  )

const SOON = { intervalMs: 1 }

function writes(writer: Writer, number: number): Promise<void> {
  const isFine = (): void => {
    writer.expectMoreThan(number)
  }
  return eventually('it writes', isFine, SOON)
}

describe('a writer', () => {
  it('remembers what was acknowledged, and stops', async () => {
    const database = new FakeDatabase()
    const writer = startWriter(database)
    await writes(writer, 10)
    await writer[Symbol.asyncDispose]()
    expect(writer.acknowledged).toBe(database.last)
    expect(writer.sent).toBe(database.last)
  })

  it('goes on after its session has ended before or after a commit', async () => {
    const database = new FakeDatabase()
    database.endsBefore.add(5)
    database.endsAfter.add(8)
    await using writer = startWriter(database)
    await writes(writer, 12)
    expect(writer.sessions).toBe(3)
  })

  it.each([
    ['fewer transactions than were acknowledged', -1],
    ['more transactions than were sent', 1],
  ])('reports a database that has %s', async (_, difference) => {
    const database = new FakeDatabase()
    database.endsBefore.add(5)
    database.connect = ((connect) => () => {
      if (database.last === 4 && !database.endsBefore.has(5)) database.last += 2 * difference
      return connect()
    })(database.connect)
    await using writer = startWriter(database)
    const message = `a database ends with transaction ${4 + 2 * difference}`
    const isReported = (): void => {
      expect(writer.lost?.message).toContain(message)
    }
    await eventually('it is reported', isReported, SOON)
  })

  it('says why it does not write', async () => {
    const database = new FakeDatabase()
    database.connect = () => {
      throw new Error('no pod')
    }
    await using writer = startWriter(database)
    const hasSaid = (): void => {
      expect(() => {
        writer.expectMoreThan(0)
      }).toThrow('a database does not write: still 0; no pod')
    }
    await eventually('it has tried', hasSaid, SOON)
  })
})
