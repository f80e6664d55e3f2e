import type { Logger } from 'pino'
import { VolumeError, messageOf } from '../errors.ts'
import type { ImageFiles } from '../ports.ts'
import type { ImageMounts } from './image-mounts.ts'
import type { KnownPools } from './known-pools.ts'
import { Pool, type PoolConfig } from './pool.ts'
import { PoolUnreachableError } from './unreachable.ts'

export interface PoolsDependencies {
  readonly files: ImageFiles
  readonly images: ImageMounts
  readonly known: KnownPools
  readonly log: Logger
}

/**
 * All pools of this node. One that was there before and cannot be opened now is unreachable: the others are served, and it
 * is tried again. One that never was there and cannot be opened is a mistake in the configuration.
 */
export class Pools implements AsyncDisposable {
  readonly #on: PoolsDependencies
  readonly #configs: readonly PoolConfig[]
  readonly #open = new Map<string, Pool>()
  readonly #unreachable = new Map<string, PoolUnreachableError>()
  readonly #held = new AsyncDisposableStack()
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

  /** Opens what has become reachable meanwhile. Of calls at the same time one does the work. */
  async retry(): Promise<void> {
    this.#retrial ??= this.#openUnreachable().finally(() => (this.#retrial = undefined))
    await this.#retrial
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#retrial
    await this.#held.disposeAsync()
  }

  async #openUnreachable(): Promise<void> {
    for (const config of this.#configs.filter(({ name }) => this.#unreachable.has(name))) {
      try {
        await this.#tryToOpen(config)
      } catch (error) {
        this.#unreachable.set(config.name, new PoolUnreachableError('PoolUnreadable', messageOf(error)))
      }
    }
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
    const { files, images, known, log } = this.#on
    const { image, name: pool, path: target } = config
    await using held = new AsyncDisposableStack()
    if (image) {
      const request = { pool, image, target, isKnown: knownId !== undefined }
      held.use(await images.mount(request, uninterrupted))
    }
    const opened = held.use(await Pool.open(config, files, log, knownId))
    if (knownId === undefined) await known.remember(pool, opened.id)
    this.#held.use(held.move())
    return opened
  }
}

/** A pool is opened to its end, which takes as long as mkfs. */
const uninterrupted = new AbortController().signal
