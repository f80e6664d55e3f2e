import { randomUUID } from 'node:crypto'
import { constants, type BigIntStats } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { failureOf, hasErrno, isPassing, messageOf } from '../../model/errors.ts'
import { isId } from '../../model/ids.ts'
import type { Repair } from '../../model/observer.ts'
import type { ImageFiles } from '../../model/ports.ts'
import { FILES_AT_ONCE, sideBySide } from '../../concurrency/side-by-side.ts'
import { Draft, IMAGE, frozenBy } from './draft.ts'
import {
  orSweptLater,
  prepareFile,
  removePersistently,
  renameFlushed,
  type PreparedFile,
} from '../files/durable.ts'
import { turn, type Gate } from '../gate/gate.ts'
import { lstat, mkdir, readdir, rename, stat } from '../gate/gated-fs.ts'
import { loadRecord, type RecordKind } from './record-kinds.ts'

/** Removing a directory opens it, and frees blocks of the disk that others write to. */
const REMOVALS_AT_ONCE = 8

/** What a directory whose record is gone ends with, until its blocks are free. */
const DOOMED = '.deleted'

/**
 * All volumes, or all snapshots, of a pool. On the disk:
 *
 *     <pool>/<folder>/<id>/{<record>.json,disk.img}
 *
 * Each appears and disappears by one rename. Whatever starts with a dot is not there yet or not there any
 * more. The records are read once: the pool is ours alone while it is open.
 */
export class RecordStore<T extends { readonly id: string }> {
  /** Why a record cannot be used, by id. */
  readonly damaged = new Map<string, Error>()
  /** What was put right when the store was opened. */
  readonly repairs: Repair[] = []
  /** What interrupted operations left that may have frozen file systems: the directories, and the volumes. */
  readonly #interrupted = new Map<string, readonly string[]>()
  readonly #records = new Map<string, T>()
  /** Directories that are still to be removed. */
  readonly #doomed: string[] = []
  readonly #removals = new Set<Promise<void>>()
  readonly #kind: RecordKind<T>
  readonly #pool: string
  readonly #path: string
  /** Which directory that was when it was read. */
  readonly #identity: string
  readonly #gate: Gate
  readonly #files: ImageFiles
  readonly #log: Logger

  private constructor(
    kind: RecordKind<T>,
    pool: string,
    path: string,
    identity: string,
    gate: Gate,
    files: ImageFiles,
    log: Logger,
  ) {
    this.#kind = kind
    this.#pool = pool
    this.#path = path
    this.#identity = identity
    this.#gate = gate
    this.#files = files
    this.#log = log
  }

  /**
   * Reads all records and clears away what a crash left of others. To be called within the gate.
   * @throws an error that `isPassing` when this process lacks something to read a record: that is no damage
   */
  static async open<T extends { readonly id: string }>(
    kind: RecordKind<T>,
    pool: { readonly name: string; readonly path: string },
    gate: Gate,
    files: ImageFiles,
    log: Logger,
  ): Promise<RecordStore<T>> {
    const path = join(pool.path, kind.folder)
    await mkdir(path, { recursive: true, mode: 0o700 })
    const store = new RecordStore(
      kind,
      pool.name,
      path,
      identityOf(await stat(path, { bigint: true })),
      gate,
      files,
      log.child({ pool: pool.name, kind: kind.folder }),
    )
    const names = await readdir(path)
    for (const name of names.filter((name) => name.startsWith('.'))) await store.#sweep(name)
    await sideBySide(names.filter(isId), FILES_AT_ONCE, (id) => store.#load(id))
    return store
  }

  /** The volumes whose file systems may be frozen still, because whoever froze them died. */
  get frozen(): string[] {
    return [...this.#interrupted.values()].flat()
  }

  /** To be called when nothing is frozen any more: until then the word of it is kept, should we die, too. */
  forgetFrozen(): void {
    for (const path of this.#interrupted.keys()) this.#removeInBackground(path)
    this.#interrupted.clear()
  }

  get size(): number {
    return this.#records.size
  }

  get(id: string): T | undefined {
    return this.#records.get(id)
  }

  values(): T[] {
    return [...this.#records.values()]
  }

  image(id: string): string {
    return join(this.#path, id, IMAGE)
  }

  begin(id: string): Promise<Draft> {
    return Draft.begin(this.#path, id, this.#gate)
  }

  /** The record is there when this returns, and after any crash from then on. */
  async commit(draft: Draft, record: T): Promise<void> {
    await draft.commit(this.#kind.recordName, this.#kind.encode(record))
    this.#records.set(record.id, record)
  }

  /**
   * @param work makes what the record says true; by then the record has its place, so that a full disk cannot
   * come between
   */
  update(record: T, work?: () => Promise<void>): Promise<void> {
    return this.#gate.within(async () => {
      await using next = await this.prepare(record)
      await work?.()
      await next.commit()
    })
  }

  /**
   * Writes the next version of a record, which takes effect with its commit: for callers that have something
   * else to do while the disk writes. A record has one next version at a time, which its lock is to ensure.
   */
  prepare(record: T): Promise<PreparedFile> {
    return this.#gate.within(() => this.#prepare(record))
  }

  async #prepare(record: T): Promise<PreparedFile> {
    const { encode, recordName } = this.#kind
    const old = this.#records.get(record.id)
    const file = await prepareFile(join(this.#path, record.id, recordName), encode(record), {
      // Where a crash leaves nothing that the next start would not sweep.
      temporary: join(this.#path, `.${record.id}.${recordName}.new`),
      previous: old && encode(old),
    })
    return {
      commit: () =>
        this.#gate.within(async () => {
          await file.commit()
          this.#records.set(record.id, record)
        }),
      [Symbol.asyncDispose]: () =>
        orSweptLater(this.#gate.within(() => Promise.resolve(file[Symbol.asyncDispose]()))),
    }
  }

  /**
   * The record is gone when this returns; its blocks are freed in the background. What somebody else has
   * removed is gone, too.
   * @throws ENOENT while another disk, or none, is where the pool's was
   */
  remove(id: string): Promise<void> {
    return this.#gate.within(() => this.#remove(id))
  }

  async #remove(id: string): Promise<void> {
    const doomed = doomedName()
    const record = this.#records.get(id)
    // First, so that nobody takes it for damaged who finds its files gone.
    this.#records.delete(id)
    try {
      await renameFlushed(this.#path, id, doomed)
    } catch (error) {
      if (hasErrno(error, 'ENOENT') && (await this.#isGone(id).catch(() => false))) return
      if (record) this.#records.set(id, record)
      throw error
    }
    this.damaged.delete(id)
    this.#removeInBackground(join(this.#path, doomed))
  }

  /** A record that cannot be used ceases to be there when a person removes its directory. */
  async forgetRemoved(id: string): Promise<void> {
    if (this.damaged.has(id) && (await this.#gate.within(() => this.#isGone(id)))) this.damaged.delete(id)
  }

  /** Waits for the removals that are still going on. */
  async settle(): Promise<void> {
    await Promise.all(this.#removals)
  }

  /**
   * Whether the record is missing in the very directory that it was in, also after a crash. By its path alone
   * nobody could tell that from a disk that is not mounted; through the open directory both looks are at the
   * same one.
   */
  #isGone(id: string): Promise<boolean> {
    return turn(() => this.#look(id))
  }

  async #look(id: string): Promise<boolean> {
    await using folder = await open(this.#path, constants.O_RDONLY | constants.O_DIRECTORY)
    if (identityOf(await folder.stat({ bigint: true })) !== this.#identity) return false
    try {
      await lstat(join('/proc/self/fd', `${folder.fd}`, id))
      return false
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) return false
      await folder.sync()
      return true
    }
  }

  async #load(id: string): Promise<void> {
    try {
      this.#records.set(id, await loadRecord(this.#kind, this.#pool, join(this.#path, id), this.#files))
    } catch (error) {
      if (isPassing(error)) throw failureOf(join(this.#path, id), error)
      this.damaged.set(id, Error.isError(error) ? error : new Error(messageOf(error)))
      this.#log.error({ id, reason: messageOf(error) }, 'cannot be used')
    }
  }

  async #sweep(name: string): Promise<void> {
    this.#log.info({ name }, 'removing what an interrupted operation left')
    this.repairs.push(name.endsWith(DOOMED) ? 'removal' : 'draft')
    const doomed = join(this.#path, doomedName())
    await rename(join(this.#path, name), doomed)
    const frozen = await frozenBy(doomed)
    if (frozen.length > 0) this.#interrupted.set(doomed, frozen)
    else this.#removeInBackground(doomed)
  }

  #removeInBackground(path: string): void {
    this.#doomed.push(path)
    if (this.#removals.size >= REMOVALS_AT_ONCE) return
    const removals = this.#removeDoomed().finally(() => this.#removals.delete(removals))
    this.#removals.add(removals)
  }

  async #removeDoomed(): Promise<void> {
    for (let path = this.#doomed.pop(); path !== undefined; path = this.#doomed.pop()) {
      const doomed = path
      try {
        await this.#gate.within(() => removePersistently(doomed))
      } catch (error) {
        this.#log.warn({ path, error: messageOf(error) }, 'removal failed; the next start tries again')
      }
    }
  }
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

function doomedName(): string {
  return `.${randomUUID()}${DOOMED}`
}
