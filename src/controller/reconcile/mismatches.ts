import { nodeHash, nodeHashOf } from '../../volumes/model/ids.ts'
import type { ClusterVolume } from '../cluster-ports.ts'
import type { RemoteNode } from '../remote-node.ts'
import type { NodeVolumes } from './node-volumes.ts'

/**
 * How long a mismatch must last before it is reported: a new volume has no PersistentVolume for a moment, and
 * a node that is replaced under its own name does not exist for a while.
 */
const REPORT_AFTER_MS = 600_000

/** Since when each key has been seen without interruption. In memory only: a new process starts over. */
export class FirstSeen {
  #since: ReadonlyMap<string, number> = new Map()

  /**
   * @param seen the keys that exist now
   * @param isHidden true for a key that cannot be observed now, which counts as existing
   * @param now in milliseconds, of a monotonic clock
   */
  update(seen: Iterable<string>, isHidden: (key: string) => boolean, now: number): void {
    const hidden = [...this.#since.keys()].filter(isHidden)
    this.#since = new Map([...hidden, ...seen].map((key) => [key, this.#since.get(key) ?? now]))
  }

  /** The keys that have existed for at least so many milliseconds. */
  lasting(milliseconds: number, now: number): string[] {
    return [...this.#since].flatMap(([key, since]) => (now - since >= milliseconds ? key : []))
  }
}

export interface OrphanedVolume {
  readonly volumeId: string
  readonly node: RemoteNode
}

/** Volumes on nodes without a PersistentVolume: no pod can use them, and no orchestrator deletes them. */
export class OrphanedVolumes {
  readonly #firstSeen = new FirstSeen()
  #present: ReadonlyMap<string, OrphanedVolume> = new Map()

  /**
   * @param onNodes the volumes of the nodes that answered
   * @param volumes the PersistentVolumes, read later: a volume that was created in between is not orphaned
   */
  update(onNodes: readonly NodeVolumes[], volumes: readonly ClusterVolume[], now: number): void {
    const claimed = new Set(volumes.map(({ volumeId }) => volumeId))
    const orphans = onNodes
      .flatMap(({ node, volumes }) => volumes.map(({ volumeId }) => ({ volumeId, node })))
      .filter(({ volumeId }) => !claimed.has(volumeId))
    const answered = new Set(onNodes.map(({ node }) => node.hash))
    const isHidden = (id: string): boolean => !answered.has(nodeHashOf(id) ?? '') && !claimed.has(id)
    this.#present = new Map(orphans.map((orphan) => [orphan.volumeId, orphan]))
    this.#firstSeen.update(this.#present.keys(), isHidden, now)
  }

  /** The orphaned volumes to report. */
  reported(now: number): OrphanedVolume[] {
    return this.lasting(REPORT_AFTER_MS, now)
  }

  /** The orphaned volumes of at least this age, on nodes that answered. */
  lasting(milliseconds: number, now: number): OrphanedVolume[] {
    return this.#firstSeen.lasting(milliseconds, now).flatMap((id) => this.#present.get(id) ?? [])
  }
}

/**
 * Nodes that no longer exist, but have PersistentVolumes or snapshots. A node is identified by the hash that
 * its volumes' ids begin with, because the topology label of a long name is shortened.
 */
export class LostNodes {
  readonly #firstSeen = new FirstSeen()
  readonly #givenUp = new Set<string>()
  #volumes: readonly ClusterVolume[] = []

  /**
   * @param snapshotIds a lost node may have snapshots alone, which can be deleted only when it is given up
   * @param nodeNames all nodes of the cluster; an empty set is taken for an error of the API server
   * @param answering the hashes of the nodes on which the driver runs; they exist even without a Node object
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
    const exists = (hash: string): boolean => existing.size === 0 || existing.has(hash) || answering.has(hash)
    const ids = [...volumes.map(({ volumeId }) => volumeId), ...snapshotIds]
    const hashes = new Set(ids.flatMap((id) => nodeHashOf(id) ?? []))
    const lost = [...hashes].filter((hash) => !exists(hash))
    this.#firstSeen.update(lost, () => false, now)
    for (const hash of this.#givenUp) if (exists(hash)) this.#givenUp.delete(hash)
  }

  /** The volumes of lost nodes to report. */
  reported(now: number): ClusterVolume[] {
    return this.#volumesOn(this.#firstSeen.lasting(REPORT_AFTER_MS, now))
  }

  /** Gives up the nodes that have been lost for at least so many milliseconds. @returns their volumes */
  giveUp(milliseconds: number, now: number): ClusterVolume[] {
    const hashes = this.#firstSeen.lasting(milliseconds, now)
    for (const hash of hashes) this.#givenUp.add(hash)
    return this.#volumesOn(hashes)
  }

  /** Whether the node of a volume or snapshot was given up. */
  isOnLostNode(id: string): boolean {
    return this.#givenUp.has(nodeHashOf(id) ?? '')
  }

  #volumesOn(hashes: readonly string[]): ClusterVolume[] {
    return this.#volumes.filter(({ volumeId }) => hashes.includes(nodeHashOf(volumeId) ?? ''))
  }
}
