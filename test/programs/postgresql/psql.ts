import { join } from 'node:path'
import type { Answer } from '../support/database.ts'
import { Session } from '../support/session.ts'
import { tool } from '../../tool.ts'
import { USER } from './installation.ts'

/** psql's variables of the last statement, behind a word that no row begins with. */
const MARK = '@outcome'
const OUTCOME = `\\echo ${MARK} :SQLSTATE :LAST_ERROR_MESSAGE`

const SUCCESS = '00000'

/** What a statement has answered. */
export interface Outcome {
  readonly rows: readonly string[]
  /** Five characters (PostgreSQL documentation, appendix A), and the message; undefined without an error. */
  readonly error: string | undefined
}

const options = ['--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--username', USER]

/** A connection to a server, by psql. */
export class Psql implements AsyncDisposable {
  readonly #session: Session

  /** @param bin where the programs are @param socket the directory of the server's socket */
  constructor(bin: string, socket: string) {
    const args = [...options, '--host', socket, '--dbname', 'postgres']
    this.#session = new Session(join(bin, 'psql'), args, { LC_ALL: 'C' })
  }

  /** @throws Error when the connection is lost, after which a change may be done or not */
  async run(statement: string): Promise<Outcome> {
    this.#session.tell(`${statement};\n${OUTCOME}`)
    const rows: string[] = []
    for (;;) {
      const line = await this.#session.next()
      if (line.startsWith(MARK)) return { rows, error: errorOf(line) }
      rows.push(line)
    }
  }

  /**
   * A statement that changes something, in a transaction of its own.
   * @throws Error as `run`
   */
  async change(statement: string): Promise<Answer> {
    const { error } = await this.run(statement)
    if (error === undefined) return 'done'
    // Only an error that the server has reported has a code.
    if (error === '') throw new Error('the connection was lost')
    return { refused: error }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]()
  }
}

/** @param line as `OUTCOME` prints it */
export function errorOf(line: string): string | undefined {
  const outcome = line.slice(MARK.length).trim()
  return outcome === SUCCESS || outcome.startsWith(`${SUCCESS} `) ? undefined : outcome
}

/** @returns the rows. @throws Error with what psql has said */
export async function query(bin: string, socket: string, statement: string): Promise<string> {
  const args = [...options, '--host', socket, '--dbname', 'postgres', '--set', 'ON_ERROR_STOP=1']
  return tool(join(bin, 'psql'), ...args, '--command', statement)
}
