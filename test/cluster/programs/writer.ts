import { setTimeout as sleep } from 'node:timers/promises'
import { explain } from '../../harness/explain.ts'
import type { Client } from './client.ts'
import { createTables, lastEntry, transaction } from './transactions.ts'

interface Session {
  /** For messages: the program and its pod. */
  readonly name: string
  readonly connect: () => Client
  /** SQL at the begin of each session. */
  readonly settings: string
}

interface Pauses {
  readonly betweenTransactionsMs: number
  readonly beforeConnectMs: number
}

const PAUSES: Pauses = { betweenTransactionsMs: 20, beforeConnectMs: 500 }

/**
 * Commits one transaction after the other to a database, numbered from 1, and remembers which of them were
 * acknowledged. When its session ends, it connects again until it is disposed.
 */
export class Writer implements AsyncDisposable {
  readonly name: string
  readonly #session: Session
  readonly #pauses: Pauses
  readonly #running: Promise<void>
  #acknowledged = 0
  #sent = 0
  #sessions = 0
  #isStopped = false
  /** Why the last session has ended. */
  #ending = 'it has not connected yet'
  #lost: Error | undefined

  constructor(session: Session, pauses: Pauses = PAUSES) {
    this.name = session.name
    this.#session = session
    this.#pauses = pauses
    this.#running = this.#run()
  }

  /** The last transaction that the database has acknowledged; all before are, too. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** The last transaction that the database may have. */
  get sent(): number {
    return this.#sent
  }

  /** How often it has connected. */
  get sessions(): number {
    return this.#sessions
  }

  /** What the database has lost; the writer has stopped then. */
  get lost(): Error | undefined {
    return this.#lost
  }

  /** @throws Error when it has not committed a transaction after that number */
  expectMoreThan(number: number): void {
    if (this.#acknowledged <= number)
      throw new Error(`${this.name} does not write: still ${number}; ${this.#ending}`)
  }

  async #run(): Promise<void> {
    while (this.#goesOn()) {
      try {
        await this.#write()
      } catch (error) {
        this.#ending = explain(error)
      }
      await sleep(this.#pauses.beforeConnectMs)
    }
  }

  #goesOn(): boolean {
    return !this.#isStopped && !this.#lost
  }

  async #write(): Promise<void> {
    await using client = this.#session.connect()
    await client.ask(`${this.#session.settings} ${createTables}`)
    const last = Number((await client.ask(lastEntry))[0])
    this.#expectKept(last)
    this.#sessions++
    for (let n = last + 1; !this.#isStopped; n++) {
      this.#sent = Math.max(this.#sent, n)
      await client.ask(transaction(n))
      this.#acknowledged = n
      await sleep(this.#pauses.betweenTransactionsMs)
    }
  }

  /** It may have one more than was acknowledged: an acknowledgement can be lost. */
  #expectKept(last: number): void {
    if (last >= this.#acknowledged && last <= this.#sent) return
    this.#lost = new Error(
      `${this.name} ends with transaction ${last}; ${this.#acknowledged} was acknowledged, and ${this.#sent} sent`,
    )
    throw this.#lost
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true
    await this.#running
  }
}
