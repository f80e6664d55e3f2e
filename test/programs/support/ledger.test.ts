import { describe, expect, it } from '@jest/globals'
import { difference, Ledger, sum } from './ledger.ts'

describe('a ledger', () => {
  it('numbers the transactions of each client, and begins a refused one again', () => {
    const ledger = new Ledger(2)
    expect([ledger.begin(0), ledger.begin(1), ledger.begin(1)]).toEqual([1, 1, 1])
    ledger.acknowledge(1)
    expect(ledger.begin(1)).toBe(2)
    expect(ledger.acknowledged()).toEqual([0, 1])
    expect(ledger.begun()).toEqual([1, 2])
  })

  it.each([
    ['all of one under way', 2, 3],
    ['nothing of it', 1, 2],
  ])('goes on from a database that has %s', (_, found, next) => {
    const ledger = new Ledger(1)
    ledger.begin(0)
    ledger.acknowledge(0)
    ledger.begin(0)
    ledger.resume([found])
    expect(ledger.begin(0)).toBe(next)
  })

  it('does not go on from one that has lost what it has acknowledged', () => {
    const ledger = new Ledger(1)
    ledger.begin(0)
    ledger.acknowledge(0)
    expect(() => {
      ledger.resume([0])
    }).toThrow('client 0 has 0 transactions, but 1 were acknowledged before')
  })
})

describe('the difference of a copy', () => {
  it.each([
    [[3, 4], [3, 4], [4, 5], undefined],
    [[4, 5], [3, 4], [4, 5], undefined],
    [[2, 4], [3, 4], [4, 5], 'client 0 has 2 transactions, but 3 were acknowledged before'],
    [[3, 6], [3, 4], [4, 5], 'client 1 has 6 transactions, but began only 5'],
    [[3], [3, 4], [4, 5], 'there are transactions of 1 clients, not 2'],
  ])('%j, at least %j and at most %j', (found, atLeast, atMost, expected) => {
    expect(difference(found, atLeast, atMost)).toBe(expected)
  })
})

describe('sum', () => {
  it.each([
    [[], 0],
    [[1, 2, 3], 6],
  ])('%j', (numbers, expected) => {
    expect(sum(numbers)).toBe(expected)
  })
})
