import type { Namespace } from '../../e2e/support/namespace.ts'
import { eventually, type Patience } from '../../support/eventually.ts'
import { ProcessClient } from './client.ts'
import { podOf, replicas } from './replicas.ts'
import { postgres, sqlite, sqliteSettings, type Program } from './transactions.ts'
import { Writer } from './writer.ts'

/** A writer for each program of each replica, outside the pods. */
export class Writers implements AsyncDisposable {
  readonly #writers: readonly ReadonlyMap<Program, Writer>[]

  constructor(on: Namespace) {
    this.#writers = replicas.map(
      ({ journalMode }, replica) =>
        new Map([
          [postgres, startWriter(on, postgres, replica, '')],
          [sqlite, startWriter(on, sqlite, replica, sqliteSettings(journalMode))],
        ]),
    )
  }

  of(program: Program, replica: number): Writer {
    const writer = this.#writers[replica]?.get(program)
    if (!writer) throw new RangeError(`there is no replica ${replica}`)
    return writer
  }

  /** Of all of them. */
  get acknowledged(): number {
    return this.#all.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  }

  /** Waits until each has committed more than it has now. @throws Error for lost transactions */
  async progress(patience: Patience): Promise<void> {
    for (const writer of this.#all) {
      const before = writer.acknowledged
      const isFine = (): void => {
        if (!writer.lost) writer.expectMoreThan(before)
      }
      await eventually('all programs write', isFine, patience)
      if (writer.lost) throw writer.lost
    }
  }

  get #all(): Writer[] {
    return this.#writers.flatMap((ofReplica) => [...ofReplica.values()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((writer) => writer[Symbol.asyncDispose]()))
  }
}

function startWriter(on: Namespace, program: Program, replica: number, settings: string): Writer {
  const pod = podOf(replica)
  const exec = ['--namespace', on.name, 'exec', '--stdin', `--container=${program.container}`, pod, '--']
  return new Writer({
    name: `${program.name} in ${pod}`,
    connect: () => new ProcessClient('kubectl', [...exec, ...program.client]),
    settings,
  })
}
