import { ThawThread } from './thaw-thread.ts'

/** Threads of one disk, at most. The commits of several file systems share the flushes of their disk. */
const MAX_THREADS = 8

/** Another thread is started while so many thaws wait for each. */
const MAX_WAITING = 16

/** What is needed of a ThawThread. */
export type Thread = Pick<ThawThread, 'started' | 'thaw' | 'end'>

/**
 * The threads that thaw the file systems whose images are on one disk. The first is started by the first
 * freeze, and kept. The others are started when many thaws wait: one thread takes milliseconds for each, and
 * a driver that ends has to thaw thousands of them in seconds.
 */
export class ThawThreads {
  readonly #makeThread: () => Thread
  readonly #first: Thread
  readonly #idle: Thread[]
  readonly #waiting: ((thread: Thread) => void)[] = []
  #count = 1
  #isStarting = false

  constructor(makeThread: () => Thread = () => new ThawThread()) {
    this.#makeThread = makeThread
    this.#first = makeThread()
    this.#idle = [this.#first]
  }

  /** @throws when no thread can be started */
  async started(): Promise<void> {
    await this.#first.started()
  }

  /** @returns false when it was not frozen */
  async thaw(fd: number, place: string): Promise<boolean> {
    const thread = this.#idle.pop() ?? (await this.#nextIdle())
    try {
      return await thread.thaw(fd, place)
    } finally {
      this.#release(thread)
    }
  }

  #nextIdle(): Promise<Thread> {
    const { promise, resolve } = Promise.withResolvers<Thread>()
    this.#waiting.push(resolve)
    if (!this.#isStarting && this.#needAnother) void this.#startOthers()
    return promise
  }

  get #needAnother(): boolean {
    return this.#count < MAX_THREADS && this.#waiting.length >= this.#count * MAX_WAITING
  }

  /** Without other threads the thaws go on, slower. */
  async #startOthers(): Promise<void> {
    this.#isStarting = true
    try {
      while (this.#needAnother) {
        const thread = this.#makeThread()
        await thread.started()
        this.#count++
        this.#release(thread)
      }
    } catch {
      // There may be no memory for one more.
    } finally {
      this.#isStarting = false
    }
  }

  #release(thread: Thread): void {
    const next = this.#waiting.shift()
    if (next) next(thread)
    else if (thread === this.#first) this.#idle.push(thread)
    else {
      this.#count--
      thread.end()
    }
  }
}

const threads = new Map<bigint, ThawThreads>()

/** @param disk the st_dev of the images */
export function thawThreads(disk: bigint): ThawThreads {
  const those = threads.get(disk) ?? new ThawThreads()
  threads.set(disk, those)
  return those
}
