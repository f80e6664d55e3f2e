import type { Logger } from 'pino'
import { isId, isIdOfNode } from '../model/ids.ts'
import type { Observer } from '../model/observer.ts'
import type { LoopDevices } from '../model/ports/loop-devices.ts'

/**
 * Orphaned devices: loop devices whose backing file is deleted, because a driver was killed or its whole
 * cluster was deleted. All kind nodes share the devices of one machine, so this covers those of all nodes.
 */
export class OrphanedDevices {
  readonly #loops: LoopDevices
  readonly #nodeId: string
  readonly #observer: Observer
  readonly #log: Logger
  #remaining: readonly string[] = []
  #unknown: readonly string[] = []

  constructor(loops: LoopDevices, nodeId: string, observer: Observer, log: Logger) {
    this.#loops = loops
    this.#nodeId = nodeId
    this.#observer = observer
    this.#log = log
  }

  /** How many the last sweep found but did not detach, because they are or may be in use. */
  get count(): number {
    return this.#remaining.length
  }

  /** Searches for orphaned devices, and detaches those that are not in use. */
  async sweep(): Promise<void> {
    const isHere = (id: string): boolean => isIdOfNode(id, this.#nodeId)
    const { detached, remaining, unknown } = await this.#loops.detachOrphaned(isId, isHere)
    for (const { name, device } of detached) {
      const fields = { volume: name, device: device.path }
      this.#log.warn(fields, 'detached an orphaned device')
    }
    this.#observer.repaired('loop_device', detached.length)
    const knownBefore = this.#remaining
    this.#remaining = remaining.map(({ device }) => device.path)
    for (const { name, device, why } of remaining.filter(
      ({ device }) => !knownBefore.includes(device.path),
    )) {
      const fields = { volume: name, device: device.path, why }
      this.#log.warn(
        fields,
        'an orphaned device stays attached because it may be in use; csi-driver-loop doctor prints how to detach it',
      )
    }
    const knownUnknown = this.#unknown
    this.#unknown = unknown
    for (const error of unknown.filter((error) => !knownUnknown.includes(error))) {
      this.#log.warn({ error }, 'cannot read the backing file of a loop device')
    }
  }
}
