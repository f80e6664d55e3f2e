import { appendFileSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../../src/linux/abi/files.ts'
import { fallocateSync } from '../../src/linux/system-calls.ts'
import type { Range } from './fuse.ts'
import type { Entry } from './journal.ts'

/** The content of a disk, and the journal of what has changed it, if it keeps one. */
export class Store {
  readonly #content: number
  readonly #journal: number | undefined
  readonly #data: number | undefined
  #dataBytes = 0

  /** @param directory for the files `content`, `journal` and `data` */
  constructor(directory: string, bytes: number, keepsJournal: boolean) {
    this.#content = openSync(join(directory, 'content'), 'w+')
    ftruncateSync(this.#content, bytes)
    if (keepsJournal) {
      this.#journal = openSync(join(directory, 'journal'), 'a')
      this.#data = openSync(join(directory, 'data'), 'a')
    }
  }

  read({ offset, length }: Range): Buffer {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, readSync(this.#content, bytes, 0, length, offset))
  }

  write(offset: number, bytes: Buffer): void {
    writeSync(this.#content, bytes, 0, bytes.length, offset)
    if (this.#data === undefined) return
    writeSync(this.#data, bytes)
    this.note({ type: 'write', offset, length: bytes.length, at: this.#dataBytes })
    this.#dataBytes += bytes.length
  }

  discard({ offset, length }: Range): void {
    const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
    fallocateSync(this.#content, mode, BigInt(offset), BigInt(length), 'a discard')
    this.note({ type: 'discard', offset, length })
  }

  /** Adds an entry to the journal, if there is one. */
  note(entry: Entry): void {
    if (this.#journal !== undefined) appendFileSync(this.#journal, `${JSON.stringify(entry)}\n`)
  }
}
