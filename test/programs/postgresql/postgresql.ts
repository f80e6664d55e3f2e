import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { tool } from '../../tool.ts'
import type { Client, Database, Ending, Server } from '../support/database.ts'
import type { Numbers } from '../support/ledger.ts'
import { newestVersion, runAsUser, USER } from './installation.ts'
import { Psql, query } from './psql.ts'
import { Postgres } from './server.ts'
import { inventoryQuery, numbersOf, schema, transaction } from './transactions.ts'

export type Layout = 'one volume' | 'data and WAL'

const CLIENTS = 4

interface Options {
  readonly layout: Layout
  /** What each transaction adds to a table, in bytes. */
  readonly payloadBytes: number
  readonly volumeBytes: number
  /** A directory for sockets and logs. */
  readonly directory: string
}

/** Debian's PostgreSQL with checksums, under the load of pgbench. Its log may have a volume of its own. */
export class PostgreSql implements Database {
  readonly kind = 'postgresql'
  readonly clients = CLIENTS
  readonly #bin: string
  readonly #options: Options

  private constructor(bin: string, options: Options) {
    this.#bin = bin
    this.#options = options
  }

  static async find(options: Options): Promise<PostgreSql> {
    return new PostgreSql(await newestVersion(), options)
  }

  get variant(): Layout {
    return this.#options.layout
  }

  get sizes(): readonly number[] {
    const { layout, volumeBytes } = this.#options
    return layout === 'one volume' ? [volumeBytes] : [volumeBytes, volumeBytes]
  }

  async create(directories: readonly string[]): Promise<void> {
    await tool('chown', USER, ...directories)
    const { data, wal } = placesIn(directories)
    const cluster = ['--pgdata', data, ...(wal === undefined ? [] : ['--waldir', wal])]
    const access = ['--username', USER, '--auth', 'trust']
    const text = ['--encoding', 'UTF8', '--locale', 'C']
    await runAsUser(join(this.#bin, 'initdb'), ...cluster, '--data-checksums', ...access, ...text)
    await this.#whileRunning(directories, async (run) => {
      const pgbench = join(this.#bin, 'pgbench')
      await tool(pgbench, '--initialize', '--quiet', '--host', run, '--username', USER, 'postgres')
      await query(this.#bin, run, schema)
    })
  }

  async start(directories: readonly string[]): Promise<Server> {
    await using undo = new AsyncDisposableStack()
    const { server, run } = await this.#startServer(directories, undo)
    const found = await this.#inventory(run)
    const sessions = Array.from({ length: CLIENTS }, () => undo.use(new Psql(this.#bin, run)))
    const clients = sessions.map((session, client) => this.#client(session, client))
    const resources = undo.move()
    const end = async (how: Ending): Promise<void> => {
      await using _ = resources
      await server.end(how)
    }
    return { clients, found, end }
  }

  /** With the programs that PostgreSQL has for this; pg_checksums works on a server that was shut down. */
  async inspect(directories: readonly string[]): Promise<Numbers> {
    const found = await this.#whileRunning(directories, async (run) => {
      const connection = ['--host', run, '--username', USER]
      const how = ['--install-missing', '--heapallindexed', '--rootdescend']
      await tool(join(this.#bin, 'pg_amcheck'), ...connection, ...how, 'postgres')
      return this.#inventory(run)
    })
    await runAsUser(join(this.#bin, 'pg_checksums'), '--check', '--pgdata', placesIn(directories).data)
    return found
  }

  async #whileRunning<T>(directories: readonly string[], action: (run: string) => Promise<T>): Promise<T> {
    await using undo = new AsyncDisposableStack()
    const { server, run } = await this.#startServer(directories, undo)
    const result = await action(run)
    await server.end('stop')
    return result
  }

  async #startServer(directories: readonly string[], undo: AsyncDisposableStack) {
    const { data, wal } = placesIn(directories)
    if (wal !== undefined) await link(wal, join(data, 'pg_wal'))
    const run = await mkdtemp(join(this.#options.directory, 'pg-'))
    undo.defer(() => rm(run, { recursive: true }))
    await tool('chown', USER, run)
    const server = undo.use(await Postgres.start({ bin: this.#bin, data, run }))
    return { server, run }
  }

  async #inventory(run: string): Promise<Numbers> {
    const text = await query(this.#bin, run, inventoryQuery(this.#options.payloadBytes))
    return numbersOf(text, CLIENTS)
  }

  #client(session: Psql, client: number): Client {
    const { payloadBytes } = this.#options
    return { transact: (number) => session.change(transaction(client, number, payloadBytes)) }
  }
}

/** Not the volumes' own directories, which may have a `lost+found`. */
function placesIn([first = '', second]: readonly string[]): { data: string; wal: string | undefined } {
  return { data: join(first, 'data'), wal: second === undefined ? undefined : join(second, 'wal') }
}

/** A pod has its volumes at the same paths everywhere; here a copy has others. */
async function link(wal: string, path: string): Promise<void> {
  await rm(path)
  await symlink(wal, path)
}
