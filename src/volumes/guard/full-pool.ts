import type { Logger } from 'pino'
import { never, withinDeadline } from '../concurrency/deadlines.ts'
import { FILES_AT_ONCE, sideBySide } from '../concurrency/side-by-side.ts'
import type { HeldFileSystem, HeldFileSystems } from '../machine/held-file-systems.ts'
import { hasErrno, isTransient, messageOf } from '../model/errors.ts'
import type { ImageFiles } from '../model/ports/image-files.ts'
import type { Mounts } from '../model/ports/mounts.ts'
import type { Volume } from '../model/volume.ts'
import type { Pool } from '../pool/pool.ts'
import type { VolumeAccess } from '../state/volume-access.ts'
import { openWriters } from '../state/volume-state.ts'

export interface FullPoolDependencies {
  readonly access: VolumeAccess
  readonly files: ImageFiles
  readonly held: HeldFileSystems
  readonly mounts: Mounts
  readonly log: Logger
}

/** How long to wait for an operation of a volume: it may take hours, and the others must not wait for it. */
const LOCK_LIMIT_MS = 200

/** How long a file system stays frozen before it may try again; twice as long each time that it has grown. */
const FROZEN_MS = 5000
const MAX_DOUBLINGS = 4

/** How soon after its thaw a file system that waits for space has taken some. */
const TRYING_MS = 500

/** A file system that has taken more than this since it was thawed is frozen again: 1 MiB. */
const GROWTH_BYTES = 1n << 20n

/** How long to wait for freezes, before looking whether the pool is still open, and full. */
const FREEZE_LIMIT_MS = 5000

/** The same while another volume is thawed, which must be looked at: a freeze flushes, and can take long. */
const BRIEF_LIMIT_MS = 10

/** How soon freezing is tried again when the freeze marker could not be written. */
const RETRY_MS = 1000

/** The directory of the freeze marker; no id of a volume. */
const MARKER = 'full-pool'

/**
 * A pool from when it is full until it has room again. Its thin file system volumes are frozen, so that their
 * programs wait: a write that finds no space would be an I/O error, after which file systems become read-only
 * and databases stop. One after another is then thawed, and stays so while it takes no more space: programs
 * that overwrite, read or delete go on, and a killed one can end.
 */
export class FullPool implements AsyncDisposable {
  readonly #pool: Pool
  readonly #on: FullPoolDependencies
  /** Volumes that may have to be frozen. */
  readonly #suspects = new Set<string>()
  /** Volumes that are held. */
  readonly #members = new Set<string>()
  /** What a thawed volume had taken when it was thawed, in bytes. */
  readonly #allowances = new Map<string, bigint>()
  /** How often a volume has grown after a thaw. */
  readonly #growths = new Map<string, number>()
  readonly #marked = new Set<string>()
  readonly #markers = new AsyncDisposableStack()
  /** Volumes that another program has frozen. */
  readonly #frozenByOthers = new Set<string>()
  readonly #left = new AbortController()
  /** Thawed volumes that are being frozen again. */
  readonly #freezing = new Map<string, Promise<void>>()
  /** While suspects are being frozen. */
  #holding: Promise<void> | undefined
  #retryAt = -Infinity

  constructor(pool: Pool, on: FullPoolDependencies) {
    this.#pool = pool
    this.#on = on
    for (const { id } of pool.volumes.values()) this.#suspects.add(id)
  }

  /** Whether a volume that is held may take more now. */
  get hasThawed(): boolean {
    return this.#thawed().length > 0
  }

  /** Whether all volumes that can be frozen are. */
  get isFrozen(): boolean {
    const suspects = [...this.#suspects].filter((id) => !this.#frozenByOthers.has(id))
    return suspects.length === 0 && !this.#holding && this.#freezing.size === 0 && !this.hasThawed
  }

  /** Whether a volume has just been thawed, and may be about to take more. */
  get isTrying(): boolean {
    const now = performance.now()
    return this.#thawed().some(([, { changedAt }]) => now - changedAt < TRYING_MS)
  }

  /** An operation has worked on this volume, which may be mounted now, and is not held any more. */
  suspect(id: string): void {
    this.#members.delete(id)
    this.#suspects.add(id)
  }

  /**
   * Freezes what is not frozen yet, as far as nothing else works on it. It goes on when this has returned.
   */
  async freezeSuspects(signal: AbortSignal): Promise<void> {
    if (!this.#holding && this.#suspects.size > 0 && performance.now() >= this.#retryAt) {
      this.#holding = this.#holdSuspects(AbortSignal.any([signal, this.#left.signal]))
        .catch((error: unknown) => {
          this.#retryAt = performance.now() + RETRY_MS
          this.#on.log.error({ err: error }, 'cannot freeze the volumes of a full pool')
        })
        .finally(() => (this.#holding = undefined))
    }
    if (this.#holding) await this.#waitFor(this.#holding)
  }

  async #holdSuspects(signal: AbortSignal): Promise<void> {
    const suspects = [...this.#suspects].filter((id) => mayTakeMore(this.#pool.volumes.get(id)))
    this.#suspects.clear()
    try {
      await this.#mark(suspects)
    } catch (error) {
      for (const id of suspects) this.#suspects.add(id)
      throw error
    }
    await sideBySide(suspects, FILES_AT_ONCE, (id) =>
      this.#withLock(id, signal, () => this.#hold(id, signal)),
    )
  }

  /** As `freezeSuspects`, what has grown, or all that is thawed. @returns whether any has grown */
  async freezeThawed(which: 'grown' | 'all', signal: AbortSignal): Promise<boolean> {
    const grown = await sideBySide(this.#thawed(), FILES_AT_ONCE, async ([id, held]) => {
      const hasGrown = await this.#hasGrown(id, held)
      if (hasGrown) this.#growths.set(id, this.#grown(id) + 1)
      if (hasGrown || which === 'all') this.#freezeAgain(id, held, signal)
      return hasGrown
    })
    await this.#waitFor(Promise.all(this.#freezing.values()))
    return grown.includes(true)
  }

  /**
   * Thaws the file system that has been frozen for longest, first of those that have grown least often.
   * @param which 'quiet' for one that has never grown
   */
  async thawNext(which: 'quiet' | 'any', signal: AbortSignal): Promise<void> {
    const [next] = this.#all()
      .filter(
        ([id, { isFrozen, changedAt }]) => isFrozen && performance.now() - changedAt >= this.#waitMs(id),
      )
      .filter(([id]) => which === 'any' || this.#grown(id) === 0)
      .sort(([a, one], [b, other]) => this.#grown(a) - this.#grown(b) || one.changedAt - other.changedAt)
    if (!next) return
    const [id, held] = next
    await this.#withLock(id, signal, async () => {
      if (this.#on.held.get(id) !== held) return
      this.#allowances.set(id, await this.#taken(id, held))
      await this.#on.held.thaw(id, held)
    })
  }

  /** Thaws all. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#left.abort(new Error('the pool is full no longer'))
    // What is still being frozen must not delay the others: its disk may hang.
    await Promise.all([this.#thawAll(), this.#holding])
    await this.#thawAll()
    await this.#markers.disposeAsync()
  }

  async #thawAll(): Promise<void> {
    const { access, held } = this.#on
    await Promise.all([...this.#members].map((id) => access.lookAt(id, never, () => held.release(id))))
  }

  #freezeAgain(id: string, held: HeldFileSystem, signal: AbortSignal): void {
    const freezing = this.#withLock(id, signal, async () => {
      if (this.#on.held.get(id) === held) await this.#on.held.freeze(held, signal)
    }).finally(() => this.#freezing.delete(id))
    this.#freezing.set(id, freezing)
  }

  async #waitFor(freezes: Promise<unknown>): Promise<void> {
    await withinDeadline(this.hasThawed ? BRIEF_LIMIT_MS : FREEZE_LIMIT_MS, freezes, undefined)
  }

  async #hold(id: string, signal: AbortSignal): Promise<void> {
    const { access, held, mounts } = this.#on
    const volume = this.#pool.volumes.get(id)
    if (!volume || held.get(id)) return
    const writers = await openWriters(mounts, access.observe(id), true)
    if (writers.by !== 'file system') return
    await held.hold(id, writers.fileSystem, signal)
    this.#frozenByOthers.delete(id)
    this.#members.add(id)
  }

  /** So that the next start thaws them if this process is killed. */
  async #mark(ids: readonly string[]): Promise<void> {
    const unmarked = ids.filter((id) => !this.#marked.has(id))
    if (unmarked.length === 0) return
    this.#markers.use(await this.#pool.volumes.mark(`${MARKER}-${this.#marked.size}`, unmarked))
    for (const id of unmarked) this.#marked.add(id)
  }

  /**
   * Works with the volume's lock; not now but later, while an operation has it. A volume that cannot be
   * frozen or measured is let go of, and does not keep the others waiting.
   */
  async #withLock(id: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LOCK_LIMIT_MS)])
    try {
      await this.#on.access.lookAt(id, limit, async () => {
        try {
          await work()
        } catch (error) {
          signal.throwIfAborted()
          await this.#letGo(id, error)
        }
      })
    } catch {
      this.#suspects.add(id)
    }
  }

  async #letGo(id: string, error: unknown): Promise<void> {
    const isFrozenByOther = hasErrno(error, 'EBUSY')
    if (!isFrozenByOther || !this.#frozenByOthers.has(id))
      this.#on.log.warn({ volume: id, error: messageOf(error) }, 'cannot freeze a volume of a full pool')
    if (isFrozenByOther) this.#frozenByOthers.add(id)
    await this.#on.held.release(id)
    // What another program has frozen, such as a backup, takes more as soon as that thaws it.
    if (!isFrozenByOther && !isTransient(error)) this.#suspects.delete(id)
  }

  #grown(id: string): number {
    return this.#growths.get(id) ?? 0
  }

  #waitMs(id: string): number {
    return FROZEN_MS * 2 ** Math.min(this.#grown(id), MAX_DOUBLINGS)
  }

  /** True as well for one that cannot be measured. */
  async #hasGrown(id: string, held: HeldFileSystem): Promise<boolean> {
    const taken = await this.#taken(id, held).catch(() => undefined)
    return taken === undefined || taken > (this.#allowances.get(id) ?? 0n) + GROWTH_BYTES
  }

  /** What a volume has taken of the pool, and what it will take without being asked, in bytes. */
  async #taken(id: string, { fileSystem }: HeldFileSystem): Promise<bigint> {
    const { allocated } = await this.#on.files.size(this.#pool.volumes.image(id))
    return allocated + (await fileSystem.usedBytes())
  }

  #all(): [string, HeldFileSystem][] {
    return [...this.#members].flatMap((id) => {
      const held = this.#on.held.get(id)
      return held ? [[id, held] as [string, HeldFileSystem]] : []
    })
  }

  #thawed(): [string, HeldFileSystem][] {
    return this.#all().filter(([id, { isFrozen }]) => !isFrozen && !this.#freezing.has(id))
  }
}

/** A thick volume has all its blocks, and a raw device cannot be frozen. */
function mayTakeMore(volume: Volume | undefined): volume is Volume {
  return volume?.provisioning === 'thin' && volume.accessTypes.includes('mount')
}
