import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tool } from '../../tool.ts'
import type { Client, Database, Ending, Server } from '../support/database.ts'
import type { Numbers } from '../support/ledger.ts'
import { Session } from '../support/session.ts'

export type JournalMode = 'WAL' | 'rollback'

const pragmas: Record<JournalMode, string> = { WAL: 'wal', rollback: 'truncate' }

const NODE = [process.execPath, '--disable-warning=ExperimentalWarning'] as const

interface Options {
  readonly journalMode: JournalMode
  /** What each transaction adds to a table, in bytes. */
  readonly payloadBytes: number
  readonly volumeBytes: number
}

/** SQLite in a process of its own. */
export class Sqlite implements Database {
  readonly kind = 'sqlite'
  readonly clients = 1
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  get variant(): JournalMode {
    return this.#options.journalMode
  }

  get sizes(): readonly number[] {
    return [this.#options.volumeBytes]
  }

  async create(directories: readonly string[]): Promise<void> {
    await mkdir(dirname(fileIn(directories)))
    await using undo = new AsyncDisposableStack()
    const { session } = await this.#open(directories, undo)
    await session.end()
  }

  async start(directories: readonly string[]): Promise<Server> {
    await using undo = new AsyncDisposableStack()
    const { session, last } = await this.#open(directories, undo)
    const resources = undo.move()
    const end = async (how: Ending): Promise<void> => {
      await using _ = resources
      if (how === 'stop') await session.end()
    }
    return { clients: [clientOf(session)], found: [last], end }
  }

  async inspect(directories: readonly string[]): Promise<Numbers> {
    const [node, ...options] = NODE
    const args = [script('check.ts'), fileIn(directories), `${this.#options.payloadBytes}`]
    return [Number(await tool(node, ...options, ...args))]
  }

  async #open(directories: readonly string[], undo: AsyncDisposableStack) {
    const { journalMode, payloadBytes } = this.#options
    const [node, ...options] = NODE
    const args = [script('client.ts'), fileIn(directories), pragmas[journalMode], `${payloadBytes}`]
    const session = undo.use(new Session(node, [...options, ...args]))
    return { session, last: Number(await session.next()) }
  }
}

function clientOf(session: Session): Client {
  return {
    async transact(number) {
      session.tell(`${number}`)
      const answer = await session.next()
      return answer === 'done' ? 'done' : { refused: answer }
    },
  }
}

function fileIn([volume = '']: readonly string[]): string {
  return join(volume, 'sqlite', 'database')
}

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}
