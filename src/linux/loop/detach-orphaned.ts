import { messageOf } from '../../volumes/model/errors.ts'
import type { RemainingDevice, LoopState, SweptDevices } from '../../volumes/model/ports/loop-devices.ts'
import { targetOf, tryDetach } from './detach.ts'
import { isUnlinked, onTopOf, type InventoryEntry, type Scan } from './inventory.ts'
import { MountedDevices } from './mounted-devices.ts'

/**
 * Detaches orphaned devices, which are devices of ours whose image is unlinked, and those on top of them, if
 * they are unused: a pod that still uses such a device would read the next file with its number.
 *
 * In a container with a pid namespace of its own, other mount namespaces cannot be read. The mounts that the
 * kubelet of this node makes for pods reach the container by propagation. So there, devices of other nodes of
 * this machine stay attached; kind has several nodes on one machine.
 */
export class OrphanedDeviceDetacher {
  readonly #scan: Scan
  readonly #isHere: (name: string) => boolean
  readonly #detached: LoopState[] = []
  readonly #remaining: RemainingDevice[] = []
  readonly #unknown: string[]

  /** @param isHere true for the name of a device of this node */
  constructor(scan: Scan, isHere: (name: string) => boolean) {
    this.#scan = scan
    this.#isHere = isHere
    this.#unknown = scan.unknown.map(({ number, error }) => `/dev/loop${number}: ${messageOf(error)}`)
  }

  /** @param isOurs true for the name of a device of any node */
  async detach(isOurs: (name: string) => boolean): Promise<SweptDevices> {
    const orphaned = this.#scan.entries.filter(({ state }) => isOurs(state.name) && this.#isUnlinked(state))
    if (orphaned.length > 0) await this.#detachAll(orphaned)
    return { detached: this.#detached, remaining: this.#remaining, unknown: this.#unknown }
  }

  #isUnlinked({ device }: LoopState): boolean {
    try {
      return isUnlinked(device.number)
    } catch (error) {
      this.#unknown.push(`${device.path}: ${messageOf(error)}`)
      return false
    }
  }

  async #detachAll(orphaned: readonly InventoryEntry[]): Promise<void> {
    try {
      const mounted = await MountedDevices.everywhere()
      for (const entry of orphaned) {
        if (mounted.isComplete || this.#isHere(entry.state.name)) await this.#detachWithAbove(entry, mounted)
        else this.#keep(entry, 'is a device of another node, whose mounts are not visible here')
      }
    } catch (error) {
      const rest = orphaned.filter(({ state }) => !this.#isDone(state))
      for (const entry of rest) this.#keep(entry, `may be in use: ${messageOf(error)}`)
    }
  }

  async #detachWithAbove(entry: InventoryEntry, mounted: MountedDevices): Promise<void> {
    const all = [...onTopOf(entry.state.device, this.#scan.entries), entry]
    const target = all
      .map(({ state }) => mounted.targetOf(state.device.number))
      .find((at) => at !== undefined)
    if (target !== undefined) {
      this.#keep(entry, `is mounted at ${target}`)
      return
    }
    for (const one of all) {
      const { device, matches } = targetOf(one)
      const use = await tryDetach(device, matches, mounted)
      if (!use) this.#detached.push(one.state)
      else this.#keep(one, `is ${use.how}`)
    }
  }

  #keep({ state }: InventoryEntry, why: string): void {
    this.#remaining.push({ ...state, why })
  }

  #isDone({ device }: LoopState): boolean {
    return [...this.#detached, ...this.#remaining].some((state) => state.device.number === device.number)
  }
}
