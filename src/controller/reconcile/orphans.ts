import { nodeHashOf } from '../../volumes/model/ids.ts'
import type { RemoteNode } from '../remote-node.ts'
import type { ClusterVolume } from '../cluster-ports.ts'
import { Sightings } from './sightings.ts'
import type { NodeSurvey } from './survey.ts'

/** A volume that was just made has no PersistentVolume for a moment. */
const REPORT_AFTER_MS = 600_000

export interface Orphan {
  readonly volumeId: string
  readonly node: RemoteNode
}

/** Volumes on nodes without a PersistentVolume: nobody can use them, and nobody will ever delete them. */
export class Orphans {
  readonly #sightings = new Sightings()
  #present: ReadonlyMap<string, Orphan> = new Map()

  /**
   * @param surveys what was on the nodes
   * @param volumes the PersistentVolumes, as of later: what was made in between is no orphan
   */
  update(surveys: readonly NodeSurvey[], volumes: readonly ClusterVolume[], now: number): void {
    const claimed = new Set(volumes.map(({ volumeId }) => volumeId))
    const orphans = surveys
      .flatMap(({ node, volumes }) => volumes.map(({ volumeId }) => ({ volumeId, node })))
      .filter(({ volumeId }) => !claimed.has(volumeId))
    const answered = new Set(surveys.map(({ node }) => node.hash))
    const isHidden = (id: string): boolean => !answered.has(nodeHashOf(id) ?? '') && !claimed.has(id)
    this.#present = new Map(orphans.map((orphan) => [orphan.volumeId, orphan]))
    this.#sightings.update(this.#present.keys(), isHidden, now)
  }

  /** Those to tell of. */
  reported(now: number): Orphan[] {
    return this.lasting(REPORT_AFTER_MS, now)
  }

  /** Those on nodes that answer, that have been there for so many milliseconds. */
  lasting(milliseconds: number, now: number): Orphan[] {
    return this.#sightings.lasting(milliseconds, now).flatMap((id) => this.#present.get(id) ?? [])
  }
}
