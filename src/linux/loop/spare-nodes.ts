import { setImmediate } from 'node:timers/promises'
import type { Logger } from 'pino'
import { messageOf } from '../../volumes/model/errors.ts'
import type { DeviceNodes } from './device-nodes.ts'
import { isAttached } from './inventory.ts'

/** How many devices other processes may attach between two rounds. */
const SPARE = 8

const INTERVAL_MS = 30_000

/** The event loop runs again after so many devices: one takes some 20 µs. */
const AT_ONCE = 64

/**
 * Spare device nodes for the loop devices that are attached next, in a /dev without udev, such as the tmpfs
 * of a kind node. The kubelet attaches each raw block volume again, with the `losetup` of its machine, which
 * gets a number from the kernel (LOOP_CTL_GET_FREE) and then opens the device node of that number.
 */
export class SpareNodes implements Disposable {
  readonly #nodes: DeviceNodes
  readonly #log: Logger
  readonly #made = new Set<number>()
  #mayBeGone = false
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | undefined
  #next: number | undefined

  private constructor(nodes: DeviceNodes, log: Logger) {
    this.#nodes = nodes
    this.#log = log
    this.#timer = setInterval(() => {
      this.#mayBeGone = true
      this.request(0)
    }, INTERVAL_MS)
    this.#timer.unref()
  }

  /** Creates the first ones, and continues until it is disposed of. */
  static async start(nodes: DeviceNodes, log: Logger): Promise<SpareNodes> {
    const spare = new SpareNodes(nodes, log)
    spare.request(0)
    await spare.#running
    return spare
  }

  /**
   * Starts another round in the background.
   * @param from a number below which nothing has become free
   */
  request(from: number): void {
    this.#next = Math.min(from, this.#next ?? from)
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /**
   * Attached numbers get a device node as well: they can become free at any time, and are then the lowest. So
   * do numbers of devices that the kernel has not added yet.
   */
  async #refresh(from: number): Promise<void> {
    if (this.#mayBeGone) await this.#forgetGone()
    for (let number = from, spare = 0; spare < SPARE; number++) {
      if (number % AT_ONCE === 0) await setImmediate()
      if (!isAttached(number)) spare++
      if (this.#made.has(number)) continue
      await this.#nodes.spare(number)
      this.#made.add(number)
    }
  }

  async #forgetGone(): Promise<void> {
    this.#mayBeGone = false
    const there = await this.#nodes.numbers()
    for (const number of this.#made) if (!there.has(number)) this.#made.delete(number)
  }

  async #run(): Promise<void> {
    while (this.#next !== undefined) {
      const from = this.#next
      this.#next = undefined
      try {
        await this.#refresh(from)
      } catch (error) {
        this.#log.warn(
          { error: messageOf(error) },
          'could not create device nodes of loop devices for the kubelet',
        )
      }
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
