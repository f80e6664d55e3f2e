/** A transaction number for each client of a database: the last one of which something is known. */
export type Numbers = readonly number[]

/**
 * What the clients of one database have begun, and what it has acknowledged to them. Each client numbers its
 * transactions 1, 2, 3, …, and has at most one under way.
 */
export class Ledger {
  readonly #acknowledged: number[]
  readonly #begun: number[]

  constructor(clients: number) {
    this.#acknowledged = Array.from({ length: clients }, () => 0)
    this.#begun = [...this.#acknowledged]
  }

  get clients(): number {
    return this.#begun.length
  }

  /** To be called before a client asks for it. @returns the number of the transaction */
  begin(client: number): number {
    const number = (this.#acknowledged[client] ?? 0) + 1
    this.#begun[client] = number
    return number
  }

  acknowledge(client: number): void {
    this.#acknowledged[client] = this.#begun[client] ?? 0
  }

  /** What every copy has whose making begins now. */
  acknowledged(): Numbers {
    return [...this.#acknowledged]
  }

  /** What no copy has more of that is complete now. */
  begun(): Numbers {
    return [...this.#begun]
  }

  /**
   * Goes on from what a database has after it was ended: of a transaction under way either nothing or all.
   * @throws Error when something is lost, or was never begun
   */
  resume(found: Numbers): void {
    const wrong = difference(found, this.#acknowledged, this.#begun)
    if (wrong !== undefined) throw new Error(wrong)
    for (const [client, number] of found.entries()) {
      this.#acknowledged[client] = number
      this.#begun[client] = number
    }
  }
}

/**
 * @param atLeast what must be there
 * @param atMost what may be there
 * @returns undefined when what was found is in between; else which client's transactions are not
 */
export function difference(found: Numbers, atLeast: Numbers, atMost: Numbers): string | undefined {
  if (found.length !== atLeast.length)
    return `there are transactions of ${found.length} clients, not ${atLeast.length}`
  const wrong = found.flatMap((number, client) => {
    const [least = 0, most = 0] = [atLeast[client], atMost[client]]
    if (number < least)
      return `client ${client} has ${number} transactions, but ${least} were acknowledged before`
    return number > most ? `client ${client} has ${number} transactions, but began only ${most}` : []
  })
  return wrong.length === 0 ? undefined : wrong.join('; ')
}

/** How many transactions these are. */
export function sum(numbers: Numbers): number {
  return numbers.reduce((total, number) => total + number, 0)
}
