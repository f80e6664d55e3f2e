import { randomUUID } from 'node:crypto'
import { constants, type BigIntStats } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { FILES_AT_ONCE, sideBySide } from '../../concurrency/side-by-side.ts'
import { failureOf, hasErrno, isTransient, messageOf } from '../../model/errors.ts'
import { isId } from '../../model/ids.ts'
import type { Repair } from '../../model/observer.ts'
import type { ImageFiles } from '../../model/ports/image-files.ts'
import {
  ForeignFileError,
  orLeaveToSweep,
  prepareFile,
  renameFlushed,
  type PreparedFile,
} from '../files/durable.ts'
import type { Ballast } from '../files/ballast.ts'
import type { Gate } from '../gate/gate.ts'
import { lstat, mkdir, readdir, rename, stat, turn } from '../gate/turn.ts'
import { Draft, readFreezeMarker, IMAGE } from './draft.ts'
import { loadRecord, type RecordKind } from './record-kinds.ts'
import { Removals } from './removals.ts'

/** The suffix of a directory whose record is deleted, until its blocks are freed. */
const DELETED = '.deleted'

/** The pool of a store. */
interface StorePool {
  readonly name: string
  readonly path: string
  readonly ballast: Ballast
}

/**
 * All volumes, or all snapshots, of a pool. On the disk:
 *
 *     <pool>/<folder>/<id>/{<record>.json,disk.img}
 *
 * Each appears and disappears by one rename. A name that starts with a dot is an unfinished or a deleted one.
 * The records are read once: no other process writes to the pool while it is open.
 */
export class RecordStore<T extends { readonly id: string }> {
  /** Why a record cannot be used, by id. */
  readonly damaged = new Map<string, Error>()
  /** What was repaired after a crash when the store was opened. */
  readonly repairs: Repair[] = []
  /** Directories of interrupted operations, with the ids of the volumes that these may have left frozen. */
  readonly #interrupted = new Map<string, readonly string[]>()
  readonly #records = new Map<string, T>()
  readonly #removals: Removals
  readonly #kind: RecordKind<T>
  readonly #pool: StorePool
  readonly #path: string
  /** Device and inode of the directory when it was read. */
  readonly #identity: string
  readonly #gate: Gate
  readonly #files: ImageFiles
  readonly #log: Logger

  private constructor(
    kind: RecordKind<T>,
    pool: StorePool,
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
    this.#removals = new Removals(pool.ballast, gate, log)
  }

  /**
   * Reads all records and sweeps what a crash left. Call it within the gate.
   * @throws a transient error (`isTransient`) when this process lacks resources to read a record
   */
  static async open<T extends { readonly id: string }>(
    kind: RecordKind<T>,
    pool: StorePool,
    gate: Gate,
    files: ImageFiles,
    log: Logger,
  ): Promise<RecordStore<T>> {
    const path = join(pool.path, kind.folder)
    await mkdir(path, { recursive: true, mode: 0o700 })
    const store = new RecordStore(
      kind,
      pool,
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

  /** The volumes whose file systems may still be frozen, because the driver that froze them crashed. */
  get frozen(): string[] {
    return [...this.#interrupted.values()].flat()
  }

  /** Call this when everything is thawed: until then the freeze markers must survive a crash. */
  removeFreezeMarkers(): void {
    for (const path of this.#interrupted.keys()) this.#removals.add(path)
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

  /**
   * Writes a freeze marker that belongs to no draft. The disk may be full.
   * @param name of its directory, no id
   * @returns to be disposed of when the volumes are thawed
   */
  async mark(name: string, volumeIds: readonly string[]): Promise<AsyncDisposable> {
    const mark = async (): Promise<Draft> => {
      const draft = await this.begin(name)
      await draft.writeFreezeMarker(volumeIds)
      return draft
    }
    const draft = await this.#gate.within(() => this.#pool.ballast.backing(mark))
    return {
      [Symbol.asyncDispose]: async () => {
        await draft[Symbol.asyncDispose]()
        await this.#removals.restoreBallast()
      },
    }
  }

  /** The record survives a crash once this has returned. */
  async commit(draft: Draft, record: T): Promise<void> {
    await draft.commit(this.#kind.recordName, this.#kind.encode(record))
    this.#records.set(record.id, record)
  }

  /**
   * @param work changes the image as the record will describe it. The new record is already on the disk, so a
   * full disk cannot leave the two in disagreement.
   */
  update(record: T, work?: () => Promise<void>): Promise<void> {
    return this.#gate.within(async () => {
      await using next = await this.prepare(record)
      await work?.()
      await next.commit()
    })
  }

  /**
   * Writes the next version of a record, which takes effect with its commit, for callers that do other work
   * while the disk writes. A record has one next version at a time: the caller holds its lock.
   */
  prepare(record: T): Promise<PreparedFile> {
    return this.#gate.within(() => this.#prepare(record))
  }

  async #prepare(record: T): Promise<PreparedFile> {
    const { encode, recordName } = this.#kind
    const old = this.#records.get(record.id)
    const file = await prepareFile(join(this.#path, record.id, recordName), encode(record), {
      // The next start sweeps this name after a crash.
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
        orLeaveToSweep(this.#gate.within(() => Promise.resolve(file[Symbol.asyncDispose]()))),
    }
  }

  /**
   * The record is deleted when this returns; its blocks are freed in the background. An externally deleted
   * record counts as deleted.
   * @throws ENOENT while another disk, or no disk, is mounted at the path of the pool
   */
  remove(id: string): Promise<void> {
    return this.#gate.within(() => this.#remove(id))
  }

  async #remove(id: string): Promise<void> {
    const deleted = deletedName()
    const record = this.#records.get(id)
    // First, so that no reader takes the missing files for damage.
    this.#records.delete(id)
    try {
      await this.#pool.ballast.backing(() => renameFlushed(this.#path, id, deleted))
    } catch (error) {
      if (hasErrno(error, 'ENOENT') && (await this.#isGone(id).catch(() => false))) return
      if (record) this.#records.set(id, record)
      throw error
    }
    this.damaged.delete(id)
    this.#removals.add(join(this.#path, deleted))
  }

  /** Drops a damaged record whose directory a person has removed. */
  async forgetRemoved(id: string): Promise<void> {
    if (this.damaged.has(id) && (await this.#gate.within(() => this.#isGone(id)))) this.damaged.delete(id)
  }

  /** Waits for running removals. */
  async settle(): Promise<void> {
    await this.#removals.settle()
  }

  /**
   * Whether the record is missing, durably, in the same directory that was read at the start. A missing path
   * proves nothing: the disk may not be mounted. So the identity and the record are checked through one open
   * directory.
   */
  #isGone(id: string): Promise<boolean> {
    return turn(async () => {
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
    })
  }

  async #load(id: string): Promise<void> {
    try {
      this.#records.set(id, await loadRecord(this.#kind, this.#pool.name, join(this.#path, id), this.#files))
    } catch (error) {
      if (isTransient(error)) throw failureOf(join(this.#path, id), error)
      this.damaged.set(id, Error.isError(error) ? error : new Error(messageOf(error)))
      this.#log.error({ id, reason: messageOf(error) }, 'cannot be used')
    }
  }

  async #sweep(name: string): Promise<void> {
    this.#log.info({ name }, 'removing what an interrupted operation left')
    this.repairs.push(name.endsWith(DELETED) ? 'removal' : 'draft')
    const deleted = join(this.#path, deletedName())
    await this.#pool.ballast.backing(() => rename(join(this.#path, name), deleted))
    const frozen = await this.#readFreezeMarker(deleted)
    if (frozen.length > 0) this.#interrupted.set(deleted, frozen)
    else this.#removals.add(deleted)
  }

  /** What somebody else put there names no volume, and does not keep the pool from being opened. */
  async #readFreezeMarker(deleted: string): Promise<string[]> {
    try {
      return await readFreezeMarker(deleted)
    } catch (error) {
      if (!(error instanceof ForeignFileError)) throw error
      this.#log.warn({ path: deleted, error: messageOf(error) }, 'ignoring what is no freeze marker')
      return []
    }
  }
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

function deletedName(): string {
  return `.${randomUUID()}${DELETED}`
}
