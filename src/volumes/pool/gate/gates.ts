import { homeOf, type PoolConfig } from '../../model/pool-config.ts'
import { Gate } from './gate.ts'
import type { WatchdogLimits } from './watchdog.ts'

/** Threads reserved for bind mounts, devices and all other work that belongs to no pool. */
const RESERVED_THREADS = 16

/** With fewer concurrent calls a pool would be slow; with more than the larger number it is not faster. */
const NARROWEST = 2
const WIDEST = 16

export interface GatesOptions extends WatchdogLimits {
  /** Of libuv, on which all system calls that can block run. */
  readonly threads: number
  /** Settles as soon as the file system of a path answers. */
  readonly probe: (path: string) => Promise<unknown>
  /** Identifies the file system that a path lies in, without accessing it. */
  readonly fileSystemId: (path: string) => Promise<unknown>
}

/** The gates of all pools, which share the threads of the process. */
export class Gates {
  readonly #gates: readonly {
    readonly name: string
    readonly paths: readonly string[]
    readonly gate: Gate
  }[]

  constructor(pools: readonly PoolConfig[], { threads, probe, fileSystemId, ...times }: GatesOptions) {
    const budget = Math.max(2 * NARROWEST, Math.floor((threads - RESERVED_THREADS) / pools.length))
    const width = Math.min(WIDEST, Math.floor(budget / 2))
    this.#gates = pools.map((pool) => {
      const { name, path, image } = pool
      const home = homeOf(pool)
      const gate = new Gate({
        ...times,
        pool: name,
        path: home,
        width,
        budget,
        probe: () => probe(home),
        fileSystemId: () => fileSystemId(home),
      })
      return { name, paths: image ? [path, home] : [path], gate }
    })
  }

  /** @param pool the name of a configured pool */
  of(pool: string): Gate {
    const found = this.#gates.find(({ name }) => name === pool)
    if (!found) throw new Error(`pool "${pool}" is not configured`)
    return found.gate
  }

  /** The gate of the pool that contains the path; undefined if none does. */
  at(path: string): Gate | undefined {
    return this.#gates.find(({ paths }) => paths.some((pool) => path === pool || path.startsWith(`${pool}/`)))
      ?.gate
  }
}
