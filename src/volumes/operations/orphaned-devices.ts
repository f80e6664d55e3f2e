import type { Logger } from 'pino'
import { isId, isIdOfNode } from '../model/ids.ts'
import type { Observer } from '../model/observer.ts'
import type { LoopDevices } from '../model/ports/loop-devices.ts'

/**
 * Orphaned devices: loop devices whose volume is gone, because its driver was killed or its whole cluster was
 * deleted. On a kind node they are those of all nodes, which share the machine's devices.
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

  /** How many the last look has found and not detached, because something uses them, or may use them. */
  get count(): number {
    return this.#remaining.length
  }

  /** Looks for them, and detaches those that nobody uses. */
  async sweep(): Promise<void> {
    const isHere = (id: string): boolean => isIdOfNode(id, this.#nodeId)
    const { detached, remaining, unknown } = await this.#loops.detachOrphaned(isId, isHere)
    for (const { name, device } of detached) {
      const fields = { volume: name, device: device.path }
      this.#log.warn(fields, 'detached a device that was left of a volume that is gone')
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
        'a device is left of a volume that is gone, and is remaining because it may be in use; csi-driver-loop doctor says how to detach it',
      )
    }
    const knownUnknown = this.#unknown
    this.#unknown = unknown
    for (const error of unknown.filter((error) => !knownUnknown.includes(error))) {
      this.#log.warn({ error }, 'could not see what a loop device is attached to')
    }
  }
}
