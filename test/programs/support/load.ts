import { setTimeout } from 'node:timers/promises'
import { messageOf } from '../../../src/volumes/model/errors.ts'
import type { Client } from './database.ts'
import type { Ledger, Numbers } from './ledger.ts'
import { until } from './until.ts'

/** How long a client waits after a refusal before it tries again. */
const REFUSED_PAUSE_MS = 100

/** A database that refuses more often does not go on by itself. */
const MAX_REFUSALS = 200

/** Clients that do one transaction after the other. */
export class Load {
  /** What the database said when it refused a transaction. */
  readonly refusals: string[] = []
  readonly #ledger: Ledger
  readonly #running: Promise<unknown>
  #isStopping = false
  #lost: string | undefined

  constructor(clients: readonly Client[], ledger: Ledger) {
    this.#ledger = ledger
    this.#running = Promise.all(clients.map((client, index) => this.#run(client, index)))
  }

  /** Why a connection was lost; undefined while there are all. */
  get lost(): string | undefined {
    return this.#lost
  }

  /** The clients begin no more. */
  stop(): void {
    this.#isStopping = true
  }

  /** Waits until each client has ended: the transactions under way are done, or the connections lost. */
  async ended(): Promise<void> {
    await this.#running
  }

  /**
   * Waits until each client has done so many more transactions.
   * @throws Error when a connection is lost, or when the database refuses all the time
   */
  async advance(transactions: number, signal: AbortSignal): Promise<void> {
    const goal = this.#ledger.acknowledged().map((number) => number + transactions)
    const tolerated = this.refusals.length + MAX_REFUSALS
    await until(() => {
      const refusal = this.refusals[tolerated]
      if (this.#lost !== undefined || refusal !== undefined) throw new Error(this.#lost ?? refusal)
      return reached(this.#ledger.acknowledged(), goal)
    }, signal)
  }

  async #run(client: Client, index: number): Promise<void> {
    try {
      while (!this.#isStopping) {
        const answer = await client.transact(this.#ledger.begin(index))
        if (answer === 'done') {
          this.#ledger.acknowledge(index)
        } else {
          this.refusals.push(answer.refused)
          await setTimeout(REFUSED_PAUSE_MS)
        }
      }
    } catch (error) {
      if (!this.#isStopping) this.#lost ??= messageOf(error)
    }
  }
}

function reached(numbers: Numbers, goal: Numbers): boolean {
  return numbers.every((number, client) => number >= (goal[client] ?? 0))
}
