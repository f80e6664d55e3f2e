import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tool } from '../tool.ts'
import type { Order } from './disk-process.ts'
import type { Behaviour, RequestKind } from './faults.ts'
import { readJournal, type Entry } from './journal.ts'

const PROCESS = fileURLToPath(new URL('disk-process.ts', import.meta.url))

/** How many requests of each kind there were. */
export type Seen = Readonly<Partial<Record<RequestKind, number>>>

export interface SimulatedDiskOptions {
  readonly bytes: number
  /** Whether all that reaches it is kept, with its data and in its order. */
  readonly keepsJournal?: boolean
}

/**
 * A disk that does what a test tells it: a file whose server is a process of ours, to be mounted by
 * `mount -o loop`. Each write and flush of the kernel gets to it as it is made.
 */
export class SimulatedDisk implements AsyncDisposable {
  readonly file: string
  readonly #directory: string
  readonly #process: ChildProcess
  /** Of the orders that are not answered yet. */
  readonly #answers: PromiseWithResolvers<Seen>[] = []

  private constructor(directory: string, process: ChildProcess) {
    this.#directory = directory
    this.#process = process
    this.file = fileOf(directory)
    process.on('message', (seen: Seen) => this.#answers.shift()?.resolve(seen))
    process.on('exit', (code) => {
      for (const { reject } of this.#answers.splice(0)) reject(endedWith(code))
    })
  }

  /** @param directory for its files; made */
  static async make(
    directory: string,
    { bytes, keepsJournal = false }: SimulatedDiskOptions,
  ): Promise<SimulatedDisk> {
    await mkdir(directory, { recursive: true })
    const file = fileOf(directory)
    await writeFile(file, '')
    await using undo = new AsyncDisposableStack()
    const args = [file, String(bytes), directory, ...(keepsJournal ? ['journal'] : [])]
    const server = fork(PROCESS, args)
    undo.defer(() => end(server))
    await Promise.race([once(server, 'message'), failureOf(server)])
    undo.move()
    return new SimulatedDisk(directory, server)
  }

  /** @returns when it behaves so */
  async behave(behaviour: Behaviour): Promise<void> {
    await this.#order({ order: 'behave', behaviour })
  }

  /** Notes in the journal that a test is here. */
  async mark(text: string): Promise<void> {
    await this.#order({ order: 'mark', text })
  }

  /** How many requests there were since it was told how to behave. */
  seen(): Promise<Seen> {
    return this.#order({ order: 'count' })
  }

  journal(): Promise<Entry[]> {
    return readJournal(join(this.#directory, 'journal'))
  }

  /** The data of the journal's writes. */
  get data(): string {
    return join(this.#directory, 'data')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.behave({})
    await tool('umount', '--lazy', this.file)
    await end(this.#process)
  }

  /** Orders are answered one after the other. */
  #order(order: Order): Promise<Seen> {
    const answer = Promise.withResolvers<Seen>()
    this.#answers.push(answer)
    this.#process.send(order, (error) => {
      if (error) answer.reject(error)
    })
    return answer.promise
  }
}

async function failureOf(server: ChildProcess): Promise<never> {
  const [code] = (await once(server, 'exit')) as [number | null]
  throw endedWith(code)
}

function endedWith(code: number | null): Error {
  return new Error(`the process of a simulated disk ended with exit code ${code}`)
}

function fileOf(directory: string): string {
  return join(directory, 'disk')
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = once(server, 'exit')
  server.kill('SIGKILL')
  await ended
}
