import type { Numbers } from './ledger.ts'

export type Kind = 'postgresql' | 'sqlite'

/** What a client was answered: its transaction is done, or refused, in which case nothing of it is done. */
export type Answer = 'done' | { readonly refused: string }

/** A connection to a database that runs. */
export interface Client {
  /**
   * Does a transaction with this number.
   * @throws Error when the connection is lost, so that it may be done or not
   */
  transact(number: number): Promise<Answer>
}

/** A database that runs: the process, or all its processes. */
export interface Server {
  /** One for each of the ledger's. */
  readonly clients: readonly Client[]
  /** The last transaction of each client. */
  readonly found: Numbers
  /**
   * 'kill' as a container is killed. No client is used any more.
   * @throws Error when it does not stop as it should
   */
  end(how: Ending): Promise<void>
}

export type Ending = 'stop' | 'kill'

/** A database in the directories of one or several volumes. */
export interface Database {
  readonly kind: Kind
  /** How it is laid out, for people. */
  readonly variant: string
  readonly clients: number
  /** How large each of its volumes is at first, in bytes. */
  readonly sizes: readonly number[]
  /** Makes it, empty. @param directories of empty volumes, for root */
  create(directories: readonly string[]): Promise<void>
  /** Starts it, which recovers it from what ended it. */
  start(directories: readonly string[]): Promise<Server>
  /**
   * Starts a copy of it, and checks all that is in it by the means of the database.
   * @returns the last transaction of each client
   * @throws Error for anything that is corrupt
   */
  inspect(directories: readonly string[]): Promise<Numbers>
}
