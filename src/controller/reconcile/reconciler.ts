import type { Logger } from 'pino'
import type { Validity } from '../../csi/certificates.ts'
import { messageOf } from '../../volumes/model/errors.ts'
import type { ClusterVolume, ObjectRef, Orchestrator, ReportNotice } from '../cluster-ports.ts'
import type { NodeDirectory } from '../directory.ts'
import {
  certificateNotices,
  lostNotice,
  nodeCertificateNotices,
  noticesOfHealth,
  orphanNotices,
} from './health.ts'
import { LostNodes, OrphanedVolumes, type OrphanedVolume } from './mismatches.ts'
import { volumesOnNodes } from './node-volumes.ts'

export interface ReconcilerConfig {
  /** Whether volumes without a PersistentVolume are deleted, or only reported. */
  readonly deleteOrphans: boolean
  /** Whether the claims on nodes that no longer exist are deleted, or only reported. */
  readonly releaseLostNodes: boolean
  /** The grace of orphaned volumes and of lost nodes, in milliseconds. */
  readonly graceMs: number
}

export interface ReconcilerDependencies {
  readonly nodes: NodeDirectory
  readonly orchestrator: Orchestrator
  readonly report: ReportNotice
  /** This replica, and its certificates. */
  readonly self: { readonly about: ObjectRef; readonly validities: () => readonly Validity[] }
  /** Only the leader reports and repairs. All replicas compare, so that any can become the leader. */
  readonly isLeader: () => boolean
  readonly log: Logger
  /** In milliseconds, of a monotonic clock. */
  readonly now?: () => number
}

/** Results of the last round, and counts since the process started. */
export interface Findings {
  readonly orphanedVolumes: readonly OrphanedVolume[]
  /** The volumes whose node no longer exists. */
  readonly volumesOfLostNodes: readonly ClusterVolume[]
  readonly deletedOrphans: number
  readonly releasedClaims: number
}

/** Deadline of the calls for one orphaned volume. The next round tries again. */
const CALL_MS = 60_000

/** Compares the volumes on the nodes with the objects of the cluster, and reports or repairs mismatches. */
export class Reconciler {
  readonly #config: ReconcilerConfig
  readonly #deps: ReconcilerDependencies
  readonly #now: () => number
  readonly #orphanedVolumes = new OrphanedVolumes()
  readonly #lostNodes = new LostNodes()
  #findings: Findings | undefined
  #deletedOrphans = 0
  /** Undefined until it has been read. */
  #clusterUid: string | undefined
  /** Orphaned volumes that another cluster has created. */
  #foreign: ReadonlySet<string> = new Set()
  /** The uids of the claims that were deleted: a claim stays while pods use it. */
  readonly #released = new Set<string>()

  constructor(config: ReconcilerConfig, dependencies: ReconcilerDependencies) {
    this.#config = config
    this.#deps = dependencies
    this.#now = dependencies.now ?? (() => performance.now())
  }

  /** Undefined unless this replica is the leader. */
  get findings(): Findings | undefined {
    return this.#findings
  }

  /** The UID of the cluster; undefined until it has been read. */
  get clusterUid(): string | undefined {
    return this.#clusterUid
  }

  /** Reads the UID of the cluster if it is unknown. A failure is logged; the next round tries again. */
  async learnClusterUid(signal: AbortSignal): Promise<void> {
    if (this.#clusterUid !== undefined) return
    try {
      this.#clusterUid = await this.#deps.orchestrator.clusterUid(signal)
    } catch (error) {
      const fields = { error: messageOf(error) }
      this.#deps.log.warn(
        fields,
        'the UID of namespace kube-system cannot be read: no orphaned volume is deleted',
      )
    }
  }

  /** Whether the node of a volume or snapshot was given up, and its data with it. */
  isOnLostNode(id: string): boolean {
    return this.#lostNodes.isOnLostNode(id)
  }

  /** @throws errors of the API server */
  async round(signal: AbortSignal): Promise<void> {
    const { nodes, orchestrator, report, isLeader, log } = this.#deps
    const { deleteOrphans, graceMs, releaseLostNodes } = this.#config
    if (!nodes.isKnown) return
    await this.learnClusterUid(signal)
    const onNodes = await volumesOnNodes(nodes, log, signal)
    const volumes = await orchestrator.volumes(signal)
    const snapshotIds = releaseLostNodes ? await orchestrator.snapshotIds(signal) : []
    const nodeNames = await orchestrator.nodeNames(signal)
    const now = this.#now()
    this.#orphanedVolumes.update(onNodes, volumes, now)
    const answering = new Set(nodes.all().flatMap(({ hasAddress, hash }) => (hasAddress ? hash : [])))
    this.#lostNodes.update(volumes, snapshotIds, nodeNames, answering, now)
    const givenUp = releaseLostNodes ? this.#lostNodes.giveUp(graceMs, now) : []
    if (!isLeader()) {
      this.#findings = undefined
      return
    }
    const orphanedVolumes = this.#orphanedVolumes.reported(now)
    const volumesOfLostNodes = this.#lostNodes.reported(now)
    this.#logNew(orphanedVolumes)
    orphanNotices(orphanedVolumes).forEach(report)
    volumesOfLostNodes.map(lostNotice).forEach(report)
    this.#reportCertificates()
    for (const notice of await noticesOfHealth(onNodes, volumes, signal)) report(notice)
    if (deleteOrphans) await this.#deleteOrphans(this.#orphanedVolumes.lasting(graceMs, now), signal)
    await this.#release(givenUp, signal)
    const [deletedOrphans, releasedClaims] = [this.#deletedOrphans, this.#released.size]
    this.#findings = { orphanedVolumes, volumesOfLostNodes, deletedOrphans, releasedClaims }
  }

  #reportCertificates(): void {
    const { nodes, self, report } = this.#deps
    const now = new Date()
    certificateNotices(self.about, self.validities(), now).forEach(report)
    nodeCertificateNotices(nodes.all(), now).forEach(report)
  }

  #logNew(orphans: readonly OrphanedVolume[]): void {
    const before = new Set(this.#findings?.orphanedVolumes.map(({ volumeId }) => volumeId))
    for (const { node, volumeId } of orphans) {
      if (before.has(volumeId)) continue
      this.#deps.log.warn({ volume: volumeId, node: node.name }, 'a volume has no PersistentVolume')
    }
  }

  /**
   * Deletes only volumes that this cluster has created: others may be the retained data of an earlier cluster
   * on the same disks. The PersistentVolumes are listed again, because one may have been created for an
   * orphaned volume. Without any PersistentVolume nothing is deleted: the cluster may have lost them all.
   */
  async #deleteOrphans(orphans: readonly OrphanedVolume[], signal: AbortSignal): Promise<void> {
    const { log, orchestrator, isLeader } = this.#deps
    const present = new Set(orphans.map(({ volumeId }) => volumeId))
    this.#foreign = new Set([...this.#foreign].filter((id) => present.has(id)))
    const candidates = orphans.filter(({ volumeId }) => !this.#foreign.has(volumeId))
    if (candidates.length === 0 || this.#clusterUid === undefined) return
    const claimed = new Set((await orchestrator.volumes(signal)).map(({ volumeId }) => volumeId))
    if (claimed.size === 0) {
      log.warn(
        { orphanedVolumes: orphans.length },
        'there is no PersistentVolume at all: no orphaned volume is deleted',
      )
      return
    }
    for (const { node, volumeId } of candidates.filter(({ volumeId }) => !claimed.has(volumeId))) {
      if (!isLeader()) return
      const fields = { volume: volumeId, node: node.name }
      try {
        const caller = { signal, deadline: Date.now() + CALL_MS }
        const { volume } = await node.ask(caller, ({ controller }, options) =>
          controller.controllerGetVolume({ volumeId }, options),
        )
        const clusterUid = volume?.volumeContext['clusterUid']
        if (clusterUid !== this.#clusterUid) {
          this.#foreign = new Set([...this.#foreign, volumeId])
          log.warn(
            { ...fields, clusterUid },
            'a volume without a PersistentVolume was created by another cluster, and is not deleted',
          )
          continue
        }
        await node.call(caller, ({ controller }, options) => controller.deleteVolume({ volumeId }, options))
        this.#deletedOrphans++
        log.warn(fields, 'deleted a volume that had no PersistentVolume')
      } catch (error) {
        log.warn(
          { ...fields, error: messageOf(error) },
          'cannot delete a volume without a PersistentVolume; retrying',
        )
      }
    }
  }

  async #release(volumes: readonly ClusterVolume[], signal: AbortSignal): Promise<void> {
    const { isLeader, log, orchestrator } = this.#deps
    for (const { claim, nodeName, volumeId } of volumes) {
      if (!claim || this.#released.has(claim.uid) || !isLeader()) continue
      await orchestrator.deleteClaim(claim, signal)
      this.#released.add(claim.uid)
      const fields = { volume: volumeId, node: nodeName, claim: `${claim.namespace ?? ''}/${claim.name}` }
      log.warn(fields, 'deleted a claim whose node no longer exists')
    }
  }
}
