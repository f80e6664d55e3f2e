import { setTimeout } from 'node:timers/promises'
import { never, unlessAborted } from '../concurrency/deadlines.ts'
import { Jobs } from '../concurrency/jobs.ts'
import { messageOf, VolumeError } from '../model/errors.ts'
import type { Observer } from '../model/observer.ts'
import type { PoolConfig } from '../model/pool-config.ts'
import type { KnownPools } from './files/pool-identity.ts'
import { PoolUnreachableError } from './gate/unreachable.ts'
import { isMistake, openPool, reasonOf, type OpenedPool, type OpeningDependencies } from './open-pool.ts'
import type { Pool } from './pool.ts'
import { requireSeparateDirectories } from './separate-directories.ts'

export interface PoolsDependencies extends OpeningDependencies {
  readonly known: KnownPools
  readonly observer: Observer
  /**
   * Thaws file systems that a crashed driver left frozen, also for a pool that is just being opened.
   * @param areAll whether the configuration has no other pools
   */
  readonly thaw: (pools: readonly Pool[], areAll: boolean) => Promise<void>
}

/** How long calls may take to return when the start is ended. */
export const START_GRACE_MS = 1000

/** How long pools may take to be closed when their calls have been given up. */
const CLOSE_MS = 4000

/**
 * All pools of this node. A known pool that cannot be opened, read, or does not answer is unreachable: the
 * others are served, and it is tried again. A new pool that cannot be opened is a mistake in the
 * configuration. So is a second driver on the same pools.
 */
export class Pools implements AsyncDisposable {
  readonly #on: PoolsDependencies
  readonly #configs: readonly PoolConfig[]
  readonly #open = new Map<string, Pool>()
  readonly #unreachable = new Map<string, PoolUnreachableError>()
  readonly #held = new Map<string, AsyncDisposableStack>()
  #sweep: (opened: Pool) => Promise<void> = () => Promise.resolve()
  readonly #openings = new Jobs()
  readonly #sweeps = new Set<Promise<void>>()
  #isClosing = false
  readonly #callsGivenUp = Promise.withResolvers<undefined>()
  readonly #abandoned = Promise.withResolvers<'abandoned'>()

  private constructor(configs: readonly PoolConfig[], dependencies: PoolsDependencies) {
    this.#configs = configs
    this.#on = dependencies
  }

  /**
   * @param stopping ends the opening: pools that are still being opened are given up, and the others closed
   * @throws VolumeError failed-precondition naming the misconfigured pool; the signal's reason
   */
  static async open(
    configs: readonly PoolConfig[],
    dependencies: PoolsDependencies,
    stopping: AbortSignal = never,
  ): Promise<Pools> {
    await using undo = new AsyncDisposableStack()
    const pools = undo.use(new Pools(configs, dependencies))
    undo.defer(() => {
      if (!stopping.aborted) return
      dependencies.log.info({ reason: messageOf(stopping.reason) }, 'stopping before all pools are open')
      void pools.giveUp(START_GRACE_MS)
    })
    await unlessAborted(pools.#openAll(), stopping)
    undo.move()
    return pools
  }

  async #openAll(): Promise<void> {
    const { gates } = this.#on
    using limits = new DisposableStack()
    for (const { name } of this.#configs) limits.use(gates.of(name).limitStalls())
    await requireSeparateDirectories(this.#configs, gates)
    for (const config of this.#configs) this.#watch(config)
    // In parallel: a pool whose disk is slow or does not answer must not delay the others.
    const openings = this.#configs.map((config) =>
      this.#openings.run(config.name, () => this.#tryToOpen(config), never),
    )
    const failure = (await Promise.allSettled(openings)).find(({ status }) => status === 'rejected')
    if (failure?.status === 'rejected') throw failure.reason
    this.#requireNotAllInUse()
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

  /** Sweeps the pools that are open now, and then each that is opened later. */
  async sweepWith(sweep: (opened: Pool) => Promise<void>): Promise<void> {
    this.#sweep = sweep
    await Promise.all(this.open.map((pool) => this.#sweepOpened(pool)))
  }

  /** Opens pools that have become reachable. Concurrent calls share one opening of a pool. */
  async retry(): Promise<void> {
    const lost = this.#configs.filter(({ name }) => this.#unreachable.has(name))
    await Promise.all(lost.map((config) => this.#retry(config)))
  }

  /**
   * Closes a pool that was found unreadable: a file system that has shut down must be mounted again, which
   * our open files prevent.
   */
  async close(pool: Pool, error: PoolUnreachableError): Promise<void> {
    if (this.#open.get(pool.name) !== pool) return
    this.#markUnreachable(pool.name, error)
    await this.#close(pool.name)
  }

  /**
   * Bounds the time that disposing takes, for a process that ends at once afterwards.
   * @param graceMs until calls are refused in pools in which some are still under way
   */
  async giveUp(graceMs = 0): Promise<void> {
    await setTimeout(graceMs, undefined, { ref: false })
    for (const { name } of this.#configs) {
      const gate = this.#on.gates.of(name)
      if (gate.isIdle) continue
      this.#on.log.error({ pool: name, calls: gate.underWay }, 'gave up calls that do not return')
      gate.giveUp()
    }
    this.#callsGivenUp.resolve(undefined)
    await setTimeout(CLOSE_MS, undefined, { ref: false })
    this.#abandoned.resolve('abandoned')
  }

  /**
   * Closes all pools for good, independently of each other. A pool that does not answer, or whose closing is
   * given up, stays locked until the process has ended, because its calls may still have effects.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true
    await Promise.race([Promise.all([this.#openings.stop(), ...this.#sweeps]), this.#callsGivenUp.promise])
    await Promise.all(this.#configs.map(({ name }) => this.#end(name)))
  }

  async #end(name: string): Promise<void> {
    const { gates, log } = this.#on
    const gate = gates.of(name)
    const closing = gate.end(() => this.#close(name)).then(() => 'closed' as const)
    closing.catch(() => undefined)
    try {
      if ((await Promise.race([closing, this.#abandoned.promise])) === 'closed') return
    } catch (error) {
      if (!(error instanceof PoolUnreachableError)) throw error
    }
    log.error({ pool: name, calls: gate.underWay }, 'the pool stays locked until the process has ended')
  }

  /** @throws VolumeError failed-precondition when no pool is open, because other drivers have them open */
  #requireNotAllInUse(): void {
    if (this.#open.size > 0) return
    const inUse = [...this.unreachable.values()].find(({ reason }) => reason === 'PoolInUse')
    if (inUse) throw new VolumeError('failed-precondition', inUse.message, { cause: inUse })
  }

  #watch(config: PoolConfig): void {
    const { name } = config
    const lost = (error: PoolUnreachableError): void => {
      if (this.#open.has(name)) this.#markUnreachable(name, error)
    }
    this.#on.gates.of(name).watch(lost, () => void this.#retryAgain(config))
  }

  #markUnreachable(name: string, error: PoolUnreachableError): void {
    this.#on.log.error({ pool: name, reason: error.message }, 'unreachable')
    this.#unreachable.set(name, error)
    this.#open.delete(name)
  }

  #retry(config: PoolConfig): Promise<void> {
    return this.#openings.run(config.name, () => this.#reopen(config), never)
  }

  async #retryAgain(config: PoolConfig): Promise<void> {
    const { name } = config
    // An opening under way may fail because of what it met before the pool answered.
    if (this.#openings.isRunning(name)) await this.#retry(config).catch(() => undefined)
    if (!this.#isClosing && this.#unreachable.has(name)) await this.#retry(config)
  }

  async #reopen(config: PoolConfig): Promise<void> {
    const { name } = config
    const gate = this.#on.gates.of(name)
    using _limit = gate.limitStalls()
    try {
      await gate.lookForAnotherMount()
      if (gate.problem) return
      // The records may have changed while the pool was unreachable, so they are read again.
      await this.#close(name)
      await this.#tryToOpen(config)
    } catch (error) {
      const reason = new PoolUnreachableError('PoolUnreadable', messageOf(error))
      this.#unreachable.set(name, error instanceof PoolUnreachableError ? error : reason)
    }
    const opened = this.#open.get(name)
    // Not waited for: it may wait for another pool, while this one has to be opened again.
    if (opened && !this.#isClosing) void this.#sweepOpened(opened)
  }

  /** Never fails. */
  async #sweepOpened(pool: Pool): Promise<void> {
    const { gates, log } = this.#on
    const { name } = pool
    using _limit = gates.of(name).limitStalls()
    const sweep = this.#sweep(pool).catch((error: unknown) => {
      log.error(
        { pool: name, reason: messageOf(error) },
        'the sweep of the pool failed; the next start repeats it',
      )
    })
    this.#sweeps.add(sweep)
    await sweep
    this.#sweeps.delete(sweep)
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
      await this.#serve(await openPool(this.#on, config, knownId))
      this.#unreachable.delete(name)
      if (before) log.info({ pool: name }, 'the pool is reachable again')
    } catch (error) {
      const reason = reasonOf(name, error)
      if (isMistake(error, reason, isKnown)) throw error
      this.#unreachable.set(name, reason)
      if (before?.message !== reason.message) log.error({ pool: name, reason: reason.message }, 'unreachable')
    }
  }

  /** Thaws its volumes, then adds it to the open pools. */
  async #serve({ pool, isNew, held }: OpenedPool): Promise<void> {
    const { known, observer } = this.#on
    await using undo = new AsyncDisposableStack()
    undo.use(held)
    for (const repair of [...pool.volumes.repairs, ...pool.snapshots.repairs]) observer.repaired(repair, 1)
    if (isNew) await known.remember(pool.name, pool.id)
    await this.#thawAndAdd(pool, held)
    undo.move()
  }

  /**
   * The freeze marker of a volume may be in another pool, which may be opened at the same time: the last one
   * of them thaws with both. No pool waits for another: the thaw of one may hang.
   */
  async #thawAndAdd(pool: Pool, held: AsyncDisposableStack): Promise<void> {
    for (;;) {
      const others = this.open
      const areSame = (): boolean => haveSameItems(others, this.open)
      try {
        await this.#on.thaw([...others, pool], others.length + 1 === this.#configs.length)
        if (!areSame()) continue
        this.#open.set(pool.name, pool)
        this.#held.set(pool.name, held)
        return
      } catch (error) {
        // Another pool may have stopped answering meanwhile; then try again.
        if (areSame()) throw error
      }
    }
  }
}

function haveSameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}
