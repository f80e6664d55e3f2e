import type { Logger } from 'pino'
import type { OpenFileSystem } from '../model/ports/mounts.ts'
import { thaw } from './freeze.ts'

/** A file system of a full pool. */
export interface HeldFileSystem {
  readonly fileSystem: OpenFileSystem
  /** Whether its writers wait. */
  isFrozen: boolean
  /** When that was last changed, by performance.now(). */
  changedAt: number
}

/**
 * The file systems of full pools, by volume. They are held open: what is frozen can be thawed whatever
 * happens meanwhile. A volume's file system is held, changed and released only by who has the volume's lock.
 */
export class HeldFileSystems {
  /** Called when an operation works on a volume, held or not. */
  onRelease: (id: string) => void = () => undefined
  readonly #held = new Map<string, HeldFileSystem>()
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  get(id: string): HeldFileSystem | undefined {
    return this.#held.get(id)
  }

  /** Freezes a file system, and holds it. It is closed when that fails. @throws as OpenFileSystem.freeze */
  async hold(id: string, fileSystem: OpenFileSystem, signal: AbortSignal): Promise<void> {
    await using opened = new AsyncDisposableStack()
    opened.use(fileSystem)
    await fileSystem.freeze(signal)
    opened.move()
    this.#held.set(id, { fileSystem, isFrozen: true, changedAt: performance.now() })
  }

  async freeze(held: HeldFileSystem, signal: AbortSignal): Promise<void> {
    await held.fileSystem.freeze(signal)
    note(held, true)
  }

  async thaw(id: string, held: HeldFileSystem): Promise<void> {
    await thaw({ volumeId: id, fileSystem: held.fileSystem }, this.#log)
    note(held, false)
  }

  /** Call it before an operation that may write to a volume, freeze it or unmount it. */
  async release(id: string): Promise<void> {
    const held = this.#held.get(id)
    if (held) {
      if (held.isFrozen) await this.thaw(id, held)
      this.#held.delete(id)
      await held.fileSystem[Symbol.asyncDispose]()
    }
    this.onRelease(id)
  }
}

function note(held: HeldFileSystem, isFrozen: boolean): void {
  held.isFrozen = isFrozen
  held.changedAt = performance.now()
}
