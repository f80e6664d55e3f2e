import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const RECORDS = fileURLToPath(new URL('records.ts', import.meta.url))

/**
 * A process that writes numbered records into directories, one after the other, and says which of them are
 * flushed.
 */
export class Writer implements AsyncDisposable {
  /** The last number that is on all disks: what was acknowledged must never be lost. */
  acknowledged = 0
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(...directories: readonly string[]) {
    const child = spawn(process.execPath, [RECORDS, ...directories], { stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface(child.stdout).on('line', (line) => (this.acknowledged = Number(line)))
    this.#child = child
    this.#ended = once(child, 'close')
  }

  /** Waits until it has come so much further. */
  async advance(records: number): Promise<void> {
    const goal = this.acknowledged + records
    while (this.acknowledged < goal) {
      if (this.#child.exitCode !== null) throw new Error('the writer has ended')
      await new Promise((resolve) => this.#child.stdout?.once('data', resolve))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

/** @returns the number of records in the directory @throws unless they are 1, 2, 3, … and whole */
export async function countRecords(directory: string): Promise<number> {
  const text = await readFile(join(directory, 'records'), 'latin1')
  const lines = text.split('\n')
  const end = lines.pop()
  const wrong = lines.findIndex((line, index) => Number(line) !== index + 1)
  if (end !== '' || wrong >= 0)
    throw new Error(`record ${wrong + 1} of ${lines.length} in ${directory} is wrong`)
  return lines.length
}
