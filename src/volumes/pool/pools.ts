import type { Logger } from 'pino'
import { VolumeError, messageOf } from '../errors.ts'
import type { Observer } from '../observer.ts'
import type { ImageFiles } from '../ports.ts'
import type { ImageMounts } from './image-mounts.ts'
import type { KnownPools } from './known-pools.ts'
import { Pool, type PoolConfig } from './pool.ts'
import { PoolUnreachableError } from './unreachable.ts'

export interface PoolsDependencies {
  readonly files: ImageFiles
  readonly images: ImageMounts
  readonly known: KnownPools
  readonly observer: Observer
  readonly log: Logger
  /**
   * Ends what a driver that died has left frozen, in a pool that is being opened too, of which nobody knows before.
   * @param areAll whether the configuration has no other pools
   */
  readonly thaw: (pools: readonly Pool[], areAll: boolean) => Promise<void>
}

/**
 * All pools of this node. One that was there before and cannot be opened now, or can no longer be read, is unreachable: the others
 * are served, and it is tried again. One that never was there and cannot be opened is a mistake in the configuration.
 */
export class Pools implements AsyncDisposable {
  readonly #on: PoolsDependencies
  readonly #configs: readonly PoolConfig[]
  readonly #open = new Map<string, Pool>()
  readonly #unreachable = new Map<string, PoolUnreachableError>()
  readonly #held = new Map<string, AsyncDisposableStack>()
  #sweep: (opened: readonly Pool[]) => Promise<void> = () => Promise.resolve()
  #retrial: Promise<void> | undefined

  private constructor(configs: readonly PoolConfig[], dependencies: PoolsDependencies) {
    this.#configs = configs
    this.#on = dependencies
  }

  /** @throws VolumeError failed-precondition naming the pool that is configured wrong */
  static async open(configs: readonly PoolConfig[], dependencies: PoolsDependencies): Promise<Pools> {
    await using undo = new AsyncDisposableStack()
    const pools = undo.use(new Pools(configs, dependencies))
    for (const config of configs) await pools.#tryToOpen(config)
    undo.move()
    return pools
  }

  get open(): readonly Pool[] {
    return this.#configs.flatMap(({ name }) => this.#open.get(name) ?? [])
  }

  /** Why the others are not open, by name. */
  get unreachable(): ReadonlyMap<string, PoolUnreachableError> {
    return this.#unreachable
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#retrial
    for (const name of [...this.#held.keys()].reverse()) await this.#close(name)
  }

  async #retry(): Promise<void> {
    for (const pool of this.open) await this.#closeIfUnreadable(pool)
    for (const config of this.#configs.filter(({ name }) => this.#unreachable.has(name))) {
      try {
        await this.#tryToOpen(config)
      } catch (error) {
        this.#unreachable.set(config.name, new PoolUnreachableError('PoolUnreadable', messageOf(error)))
      }
      const opened = this.#open.get(config.name)
      if (opened) await this.#sweepLater(opened)
    }
  }

  /** A file system that has shut down works again when it is mounted anew, which it cannot be while we hold it. */
  async #closeIfUnreadable(pool: Pool): Promise<void> {
    try {
      await pool.check()
    } catch (error) {
      if (!(error instanceof PoolUnreachableError) || error.reason !== 'PoolUnreadable') return
      this.#on.log.error({ pool: pool.name, reason: error.message }, 'unreachable')
      this.#unreachable.set(pool.name, error)
      this.#open.delete(pool.name)
      await this.#close(pool.name)
    }
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
    await held?.disposeAsync()
  }

  async #tryToOpen(config: PoolConfig): Promise<void> {
    const { known, log } = this.#on
    const { name } = config
    const knownId = await known.get(name)
    const before = this.#unreachable.get(name)
    try {
      this.#open.set(name, await this.#openOne(config, knownId))
      this.#unreachable.delete(name)
      if (before) log.info({ pool: name }, 'the pool can be reached again')
    } catch (error) {
      const isMistake = error instanceof VolumeError && !(error instanceof PoolUnreachableError)
      if (knownId === undefined || isMistake) throw error
      const reason =
        error instanceof PoolUnreachableError
          ? error
          : new PoolUnreachableError('PoolUnreadable', `pool "${name}": ${messageOf(error)}`, {
              cause: error,
            })
      this.#unreachable.set(name, reason)
      if (before?.message !== reason.message) log.error({ pool: name, reason: reason.message }, 'unreachable')
    }
  }

  async #openOne(config: PoolConfig, knownId: string | undefined): Promise<Pool> {
    const { files, images, known, log, observer, thaw } = this.#on
    const { image, name: pool, path: target } = config
    await using held = new AsyncDisposableStack()
    if (image) {
      const request = { pool, image, target, isKnown: knownId !== undefined }
      held.use(await images.mount(request, uninterrupted))
    }
    const opened = held.use(await Pool.open(config, files, log, knownId))
    for (const repair of [...opened.volumes.repairs, ...opened.snapshots.repairs])
      observer.repaired(repair, 1)
    if (knownId === undefined) await known.remember(pool, opened.id)
    const others = this.open
    await thaw([...others, opened], others.length + 1 === this.#configs.length)
    this.#held.set(pool, held.move())
    return opened
  }
}

/** A pool is opened to its end, which takes as long as mkfs. */
const uninterrupted = new AbortController().signal
