import type { Logger } from 'pino'
import { isId } from '../ids.ts'
import type { Observer } from '../observer.ts'
import type { LoopDevices } from '../ports.ts'

/**
 * Loop devices of volumes that are gone: of raw block volumes whose driver was killed, or whose whole cluster was deleted. On a
 * kind node they are those of all nodes, which share the machine's devices.
 */
export class Leaks {
  readonly #loops: LoopDevices
  readonly #observer: Observer
  readonly #log: Logger
  #inUse: readonly string[] = []

  constructor(loops: LoopDevices, observer: Observer, log: Logger) {
    this.#loops = loops
    this.#observer = observer
    this.#log = log
  }

  /** How many the last look has found and could not detach, because something has them open. */
  get count(): number {
    return this.#inUse.length
  }

  /** Looks for them, and detaches those that nobody uses. */
  async sweep(): Promise<void> {
    const { detached, inUse } = await this.#loops.recover(isId)
    for (const { name, device } of detached) {
      const fields = { volume: name, device: device.path }
      this.#log.warn(fields, 'detached a device that was left of a volume that is gone')
    }
    this.#observer.repaired('loop_device', detached.length)
    const known = this.#inUse
    this.#inUse = inUse.map(({ device }) => device.path)
    for (const { name, device } of inUse.filter(({ device }) => !known.includes(device.path))) {
      const fields = { volume: name, device: device.path }
      this.#log.warn(fields, 'a device is left of a volume that is gone, and something has it open')
    }
  }
}
