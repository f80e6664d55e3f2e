import type { Logger } from 'pino'
import { KeyedLock } from '../concurrency/keyed-lock.ts'
import { messageOf, VolumeError } from '../model/errors.ts'
import type { Observer } from '../model/observer.ts'
import type { PoolConfig } from '../model/pool-config.ts'
import type { ImageFiles } from '../model/ports/image-files.ts'
import type { KnownPools } from './files/pool-identity.ts'
import type { Gates } from './gate/gates.ts'
import { PoolUnreachableError, type UnreachableReason } from './gate/unreachable.ts'
import type { ImageMounts } from './image/image-mounts.ts'
import { Pool } from './pool.ts'
import { requireSeparateDirectories } from './separate-directories.ts'

export interface PoolsDependencies {
  readonly files: ImageFiles
  readonly images: ImageMounts
  readonly known: KnownPools
  readonly gates: Gates
  readonly observer: Observer
  readonly log: Logger
  /**
   * Ends what a driver that died has left frozen, in a pool that is being opened too, of which nobody knows
   * before.
   * @param areAll whether the configuration has no other pools
   */
  readonly thaw: (pools: readonly Pool[], areAll: boolean) => Promise<void>
}

/** A pool whose directory could be opened, and that is not served yet. */
interface OpenedPool {
  readonly pool: Pool
  readonly isNew: boolean
  readonly held: AsyncDisposableStack
}

/**
 * All pools of this node. One that was there before and cannot be opened now, can no longer be read, or does
 * not answer, is unreachable: the others are served, and it is tried again. One that never was there and
 * cannot be opened is a mistake in the configuration.
 */
export class Pools implements AsyncDisposable {
  readonly #on: PoolsDependencies
  readonly #configs: readonly PoolConfig[]
  readonly #open = new Map<string, Pool>()
  readonly #unreachable = new Map<string, PoolUnreachableError>()
  readonly #held = new Map<string, AsyncDisposableStack>()
  /** Pools are thawed one after the other, because a pool may be told of by a note in another one. */
  readonly #thawing = new KeyedLock()
  #sweep: (opened: readonly Pool[]) => Promise<void> = () => Promise.resolve()
  #retrial: Promise<void> | undefined
  #isClosing = false

  private constructor(configs: readonly PoolConfig[], dependencies: PoolsDependencies) {
    this.#configs = configs
    this.#on = dependencies
  }

  /** @throws VolumeError failed-precondition naming the pool that is configured wrong */
  static async open(configs: readonly PoolConfig[], dependencies: PoolsDependencies): Promise<Pools> {
    await using undo = new AsyncDisposableStack()
    const pools = undo.use(new Pools(configs, dependencies))
    await requireSeparateDirectories(configs, dependencies.gates)
    for (const { name } of configs) pools.#watch(name)
    // Side by side: one whose disk is slow, or does not answer, does not hold up the others.
    const openings = configs.map((config) => pools.#tryToOpen(config))
    const failures = (await Promise.allSettled(openings)).filter(({ status }) => status === 'rejected')
    const [failure] = failures
    if (failure?.status === 'rejected') throw failure.reason
    undo.move()
    return pools
  }

  get open(): readonly Pool[] {
    return this.#configs.flatMap(({ name }) => this.#open.get(name) ?? [])
  }

  /** Why the others are not open, by name. */
  get unreachable(): ReadonlyMap<string, PoolUnreachableError> {
    return new Map(
      this.#configs.flatMap(({ name }) => {
        const reason = this.#unreachable.get(name)
        return reason ? [[name, reason] as const] : []
      }),
    )
  }

  /** Has this done with the pools that are open now, and then with each that is opened later. */
  async sweepWith(sweep: (opened: readonly Pool[]) => Promise<void>): Promise<void> {
    this.#sweep = sweep
    await sweep(this.open)
  }

  /** Opens what has become reachable meanwhile. Of calls at the same time one does the work. */
  async retry(): Promise<void> {
    this.#retrial ??= this.#retry().finally(() => (this.#retrial = undefined))
    await this.#retrial
  }

  /**
   * Closes a pool that was found unreadable: a file system that has shut down works again when it is mounted
   * anew, which it cannot be while we hold it.
   */
  async lose(pool: Pool, error: PoolUnreachableError): Promise<void> {
    if (this.#open.get(pool.name) !== pool) return
    this.#markUnreachable(pool.name, error)
    await this.#close(pool.name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true
    await this.#retrial
    for (const name of [...this.#held.keys()].reverse()) await this.#close(name)
  }

  #watch(name: string): void {
    this.#on.gates.of(name).watch(
      (error) => {
        if (this.#open.has(name)) this.#markUnreachable(name, error)
      },
      () => {
        if (!this.#isClosing && this.#unreachable.has(name)) void this.retry()
      },
    )
  }

  #markUnreachable(name: string, error: PoolUnreachableError): void {
    this.#on.log.error({ pool: name, reason: error.message }, 'unreachable')
    this.#unreachable.set(name, error)
    this.#open.delete(name)
  }

  async #retry(): Promise<void> {
    const lost = this.#configs.filter(({ name }) => this.#unreachable.has(name))
    await Promise.all(lost.map((config) => this.#reopen(config)))
  }

  async #reopen(config: PoolConfig): Promise<void> {
    const { name } = config
    const gate = this.#on.gates.of(name)
    await gate.lookForAnotherMount()
    if (gate.problem) return
    try {
      // What was read before it was lost may have changed since: it is read anew.
      await this.#close(name)
      await this.#tryToOpen(config)
    } catch (error) {
      const reason = new PoolUnreachableError('PoolUnreadable', messageOf(error))
      this.#unreachable.set(name, error instanceof PoolUnreachableError ? error : reason)
    }
    const opened = this.#open.get(name)
    if (opened) await this.#sweepLater(opened)
  }

  /** While others are served: what goes wrong is left for the next start. */
  async #sweepLater(pool: Pool): Promise<void> {
    try {
      await this.#sweep([pool])
    } catch (error) {
      this.#on.log.error(
        { pool: pool.name, reason: messageOf(error) },
        'not all that was left could be cleared away',
      )
    }
  }

  async #close(name: string): Promise<void> {
    const held = this.#held.get(name)
    this.#held.delete(name)
    try {
      await held?.disposeAsync()
    } catch (error) {
      if (!(error instanceof PoolUnreachableError)) throw error
      this.#on.log.warn({ pool: name, reason: error.message }, 'the pool could not be closed')
    }
  }

  async #tryToOpen(config: PoolConfig): Promise<void> {
    const { known, log } = this.#on
    const { name } = config
    const before = this.#unreachable.get(name)
    let isKnown = true
    try {
      const knownId = await known.get(name)
      isKnown = knownId !== undefined
      await this.#serve(await this.#openOne(config, knownId))
      this.#unreachable.delete(name)
      if (before) log.info({ pool: name }, 'the pool can be reached again')
    } catch (error) {
      const reason = reasonOf(name, error)
      // Of one that is new there is nothing to keep; and nobody knows whether it was meant so.
      const isMistake = !isKnown && !isOfPool.includes(reason.reason)
      if (isMistake || isOurMistake(error)) throw error
      this.#unreachable.set(name, reason)
      if (before?.message !== reason.message) log.error({ pool: name, reason: reason.message }, 'unreachable')
    }
  }

  async #openOne(config: PoolConfig, knownId: string | undefined): Promise<OpenedPool> {
    const { files, gates, images, log } = this.#on
    const { image, name: pool, path: target } = config
    const gate = gates.of(pool)
    await using held = new AsyncDisposableStack()
    if (image) {
      const request = { pool, image, target, isKnown: knownId !== undefined }
      held.use(await gate.within(() => images.mount(request, uninterrupted)))
    }
    const opened = held.use(await Pool.open(config, files, log, knownId, gate))
    return { pool: opened, isNew: knownId === undefined, held: held.move() }
  }

  /** Has it thawed and listed. */
  async #serve({ pool, isNew, held }: OpenedPool): Promise<void> {
    const { known, observer } = this.#on
    await using undo = new AsyncDisposableStack()
    undo.use(held)
    for (const repair of [...pool.volumes.repairs, ...pool.snapshots.repairs]) observer.repaired(repair, 1)
    if (isNew) await known.remember(pool.name, pool.id)
    using _lock = await this.#thawing.acquire('', uninterrupted)
    await this.#thaw(pool)
    this.#open.set(pool.name, pool)
    this.#held.set(pool.name, held)
    undo.move()
  }

  async #thaw(pool: Pool): Promise<void> {
    for (;;) {
      const others = this.open
      try {
        await this.#on.thaw([...others, pool], others.length + 1 === this.#configs.length)
        return
      } catch (error) {
        // Unless it is another one that has stopped answering meanwhile.
        if (others.every((other) => this.#open.get(other.name) === other)) throw error
      }
    }
  }
}

/**
 * What says that there is a pool, or nothing of what is there, so that it is no mistake to have configured
 * it.
 */
const isOfPool: readonly UnreachableReason[] = ['PoolNotAnswering', 'PoolDamaged', 'PoolOfNewerDriver']

/** A mistake that only whoever has configured the pools can mend, and that says nothing of a disk. */
function isOurMistake(error: unknown): boolean {
  return error instanceof VolumeError && !(error instanceof PoolUnreachableError)
}

function reasonOf(name: string, error: unknown): PoolUnreachableError {
  if (error instanceof PoolUnreachableError) return error
  return new PoolUnreachableError('PoolUnreadable', `pool "${name}": ${messageOf(error)}`, { cause: error })
}

/** A pool is opened to its end, which takes as long as mkfs. */
const uninterrupted = new AbortController().signal
