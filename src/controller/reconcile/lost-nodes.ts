import { nodeHash, nodeHashOf } from '../../volumes/model/ids.ts'
import type { ClusterVolume } from '../cluster-ports.ts'
import { Sightings } from './sightings.ts'

/** A node that is replaced under its own name is gone for a while. */
const REPORT_AFTER_MS = 600_000

/**
 * Nodes that no longer exist, while there still are PersistentVolumes or snapshots on them. A node is known
 * by the hash that the ids of its volumes begin with: the value of its label is another one where its name is
 * too long for a label.
 */
export class LostNodes {
  readonly #sightings = new Sightings()
  readonly #givenUp = new Set<string>()
  #volumes: readonly ClusterVolume[] = []

  /**
   * @param snapshotIds what can be deleted only when its node is given up, also when there is no volume left
   * on it
   * @param nodeNames all nodes of the cluster; when there are none, something else is wrong
   * @param answering the hashes of the nodes on which the driver is all the same
   */
  update(
    volumes: readonly ClusterVolume[],
    snapshotIds: readonly string[],
    nodeNames: ReadonlySet<string>,
    answering: ReadonlySet<string>,
    now: number,
  ): void {
    this.#volumes = volumes
    const existing = new Set([...nodeNames].map(nodeHash))
    const isThere = (hash: string): boolean =>
      existing.size === 0 || existing.has(hash) || answering.has(hash)
    const ids = [...volumes.map(({ volumeId }) => volumeId), ...snapshotIds]
    const hashes = new Set(ids.flatMap((id) => nodeHashOf(id) ?? []))
    const lost = [...hashes].filter((hash) => !isThere(hash))
    this.#sightings.update(lost, () => false, now)
    for (const hash of this.#givenUp) if (isThere(hash)) this.#givenUp.delete(hash)
  }

  /** The volumes of lost nodes, to tell of. */
  reported(now: number): ClusterVolume[] {
    return this.#volumesOn(this.#sightings.lasting(REPORT_AFTER_MS, now))
  }

  /** Takes those that have been lost for so many milliseconds for lost for ever. @returns their volumes */
  giveUp(milliseconds: number, now: number): ClusterVolume[] {
    const hashes = this.#sightings.lasting(milliseconds, now)
    for (const hash of hashes) this.#givenUp.add(hash)
    return this.#volumesOn(hashes)
  }

  /** True for the id of a volume or snapshot of a node that was given up. */
  isGone(id: string): boolean {
    return this.#givenUp.has(nodeHashOf(id) ?? '')
  }

  #volumesOn(hashes: readonly string[]): ClusterVolume[] {
    return this.#volumes.filter(({ volumeId }) => hashes.includes(nodeHashOf(volumeId) ?? ''))
  }
}
