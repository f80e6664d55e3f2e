import { nodeHash, nodeHashOf } from '../../volumes/ids.ts'
import type { ClusterVolume } from './ports.ts'
import { Sightings } from './sightings.ts'

/** A node that is replaced under its own name is gone for a while. */
const REPORT_AFTER_MS = 600_000

/** Nodes that no longer exist, while there still are PersistentVolumes on them. */
export class LostNodes {
  readonly #sightings = new Sightings()
  /** By the hash that their ids begin with. */
  readonly #givenUp = new Map<string, string>()
  #volumes: readonly ClusterVolume[] = []

  /**
   * @param nodeNames all nodes of the cluster; when there are none, something else is wrong
   * @param answers whether the driver is there all the same
   */
  update(
    volumes: readonly ClusterVolume[],
    nodeNames: ReadonlySet<string>,
    answers: (nodeName: string) => boolean,
    now: number,
  ): void {
    this.#volumes = volumes
    const isThere = (name: string): boolean => nodeNames.size === 0 || nodeNames.has(name) || answers(name)
    const lost = volumes.flatMap(({ nodeName }) =>
      nodeName === undefined || isThere(nodeName) ? [] : nodeName,
    )
    this.#sightings.update(lost, () => false, now)
    for (const [hash, name] of this.#givenUp) if (isThere(name)) this.#givenUp.delete(hash)
  }

  /** The volumes of lost nodes, to tell of. */
  reported(now: number): ClusterVolume[] {
    return this.#volumesOn(this.#sightings.lasting(REPORT_AFTER_MS, now))
  }

  /** Takes those that have been lost for so many milliseconds for lost for ever. @returns their volumes */
  giveUp(milliseconds: number, now: number): ClusterVolume[] {
    const names = this.#sightings.lasting(milliseconds, now)
    for (const name of names) this.#givenUp.set(nodeHash(name), name)
    return this.#volumesOn(names)
  }

  /** True for the id of a volume or snapshot of a node that was given up. */
  isGone(id: string): boolean {
    return this.#givenUp.has(nodeHashOf(id) ?? '')
  }

  #volumesOn(names: readonly string[]): ClusterVolume[] {
    return this.#volumes.filter(({ nodeName = '' }) => names.includes(nodeName))
  }
}
