import { setTimeout } from 'node:timers/promises'
import { formatBytes, larger, smaller } from '../model/bytes.ts'
import type { PoolConfig } from '../model/pool-config.ts'
import type { Pool } from '../pool/pool.ts'
import type { Pools } from '../pool/pools.ts'
import { bearable, canBeFilled, hasRoomAgain, isFull, pauseMs, type Room } from '../pool/space/space.ts'
import { FullPool, type FullPoolDependencies } from './full-pool.ts'

export interface PoolGuardDependencies extends FullPoolDependencies {
  /** The pool, while it is open. */
  readonly pool: () => Pool | undefined
  /** Bytes that programs have written and that are on no disk yet. */
  readonly unwrittenBytes: () => bigint
}

/** How often a full pool is looked at, in milliseconds. */
const FULL_PAUSE_MS = 100

/** How often while a volume has just been thawed: what it may take in between is the disk's. */
const TRYING_PAUSE_MS = 10

/**
 * How often a disk with little space is looked at on which all volumes can be filled. A volume that is made
 * or expanded changes that. What they may take is measured in a 20th of the time, if that is often enough.
 */
const fillablePause = { minMs: 50, maxMs: 500, perMeasurement: 20 }

/** How often a full pool is asked what its volumes may still take, which looks at the extents of images. */
const UNTAKEN_MAX_AGE_MS = 2000

/** After a failure, and while the pool is unreachable. */
const LATER_MS = 5000

/** How long what others have in memory is taken for the same. */
const FOREIGN_MS = 10_000

/** Whether all that the volumes of a pool may still take was free. */
interface Untaken {
  readonly fits: boolean
  readonly at: number
  readonly tookMs: number
}

/** Guards one pool: looks at its disk, and freezes its volumes before writes to them fail. */
export class PoolGuard {
  readonly #on: PoolGuardDependencies
  #pool: Pool | undefined
  #full: FullPool | undefined
  /** What was in memory while all volumes were frozen, so it is of others; and until when that counts. */
  #foreign = { bytes: 0n, until: 0 }
  #untaken: Untaken = { fits: false, at: -Infinity, tookMs: 0 }

  constructor(dependencies: PoolGuardDependencies) {
    this.#on = dependencies
  }

  /** An operation has worked on a volume, perhaps of this pool. */
  suspect(id: string): void {
    this.#full?.suspect(id)
  }

  /** Guards until the signal fires, then thaws. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      for (let pause = 0; ; pause = await this.look(signal)) await setTimeout(pause, undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      await this.leave()
    }
  }

  /** Does what the space on the disk demands now. @returns when to look again, in milliseconds */
  async look(signal: AbortSignal): Promise<number> {
    const pool = this.#on.pool()
    try {
      if (pool !== this.#pool) await this.leave()
      this.#pool = pool
      return pool ? await this.#guard(pool, signal) : LATER_MS
    } catch (error) {
      if (!signal.aborted) this.#on.log.error({ err: error }, 'cannot guard a pool against a full disk')
      return LATER_MS
    }
  }

  async #guard(pool: Pool, signal: AbortSignal): Promise<number> {
    const room = await this.#measure(pool)
    if (this.#full && hasRoomAgain(room)) {
      await this.leave()
      return FULL_PAUSE_MS
    }
    if (!this.#full && !isFull(room)) return pauseMs(room)
    if (await this.#mayAllBeFilled(pool, room)) {
      await this.leave()
      const { minMs, maxMs, perMeasurement } = fillablePause
      return Math.min(maxMs, Math.max(minMs, this.#untaken.tookMs * perMeasurement))
    }
    const full = (this.#full ??= new FullPool(pool, this.#on))
    this.#report(pool, room)
    await full.freezeSuspects(signal)
    const bears = bearable(room)
    // What a volume takes is not always seen: overwriting blocks that a snapshot shares takes new ones, but
    // its image stays as large. Nor is what many take together before one is seen to have grown.
    const grown = await full.freezeThawed(bears === 'none' ? 'all' : 'grown', signal)
    if (full.isFrozen) this.#noteForeign()
    if (!grown && bears !== 'none') await full.thawNext(bears, signal)
    return full.isTrying ? TRYING_PAUSE_MS : FULL_PAUSE_MS
  }

  /** As measured a short time ago. */
  async #mayAllBeFilled(pool: Pool, { freeBytes }: Room): Promise<boolean> {
    const at = performance.now()
    if (!this.#full || at - this.#untaken.at > UNTAKEN_MAX_AGE_MS) {
      const fits = canBeFilled(await pool.untaken(freeBytes), freeBytes)
      this.#untaken = { fits, at, tookMs: performance.now() - at }
    }
    return this.#untaken.fits
  }

  #noteForeign(): void {
    this.#foreign = { bytes: this.#on.unwrittenBytes(), until: performance.now() + FOREIGN_MS }
  }

  /** Only a full disk is reported. With what is in memory, the next look after the freeze shows that. */
  #report(pool: Pool, room: Room): void {
    if (pool.space.isFull || hasRoomAgain(room)) return
    const free = formatBytes(room.freeBytes)
    this.#on.log.warn({ free }, 'the pool is full: its thin volumes wait until it has room')
    pool.space.isFull = true
  }

  /** Thaws. */
  async leave(): Promise<void> {
    const full = this.#full
    if (!full || !this.#pool) return
    const { space } = this.#pool
    const wasReported = space.isFull
    this.#full = undefined
    space.isFull = false
    await full[Symbol.asyncDispose]()
    if (wasReported) this.#on.log.info('the pool is full no longer')
  }

  async #measure(pool: Pool): Promise<Room> {
    const unwritten = this.#on.unwrittenBytes()
    // What others have written since is in memory no longer.
    this.#foreign.bytes = smaller(this.#foreign.bytes, unwritten)
    const foreign = performance.now() < this.#foreign.until ? this.#foreign.bytes : 0n
    return { ...(await pool.disk()), pendingBytes: larger(unwritten - foreign, 0n) }
  }
}

export interface PoolGuardsDependencies extends Omit<PoolGuardDependencies, 'pool'> {
  readonly pools: Pools
}

/** Guards pools against full disks until it is disposed of: then nothing is frozen any more. */
export class PoolGuards implements AsyncDisposable {
  readonly #stop = new AbortController()
  readonly #ended: Promise<unknown>

  constructor(configs: readonly PoolConfig[], on: PoolGuardsDependencies) {
    const guards = configs
      .filter(({ failsWhenFull }) => failsWhenFull !== true)
      .map(({ name }) => {
        const pool = () => on.pools.open.find((pool) => pool.name === name)
        return new PoolGuard({ ...on, pool, log: on.log.child({ pool: name }) })
      })
    on.held.onRelease = (id) => {
      for (const guard of guards) guard.suspect(id)
    }
    this.#ended = Promise.all(guards.map((guard) => guard.run(this.#stop.signal)))
  }

  /** As disposing, without waiting. */
  cancel(): void {
    this.#stop.abort(new Error('the driver is stopping'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel()
    await this.#ended
  }
}
