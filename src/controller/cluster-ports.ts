/** The object of an event. */
export interface ObjectRef {
  readonly kind: 'PersistentVolumeClaim' | 'PersistentVolume' | 'Node' | 'Pod'
  /** Undefined for objects of the whole cluster. */
  readonly namespace: string | undefined
  readonly name: string
  readonly uid: string
}

/** An issue of an object, to be reported as an event. */
export interface Notice {
  readonly about: ObjectRef
  /** One word in CamelCase, for programs. */
  readonly reason: string
  /** The issue and its remedy. */
  readonly message: string
}

/** Reports a notice as an event. Never fails, and does not repeat a recent notice. */
export type ReportNotice = (notice: Notice) => void

/** A PersistentVolume of this driver. */
export interface ClusterVolume {
  readonly volumeId: string
  readonly volume: ObjectRef
  /** Undefined when it is not bound. */
  readonly claim: ObjectRef | undefined
  /** The node of its node affinity. */
  readonly nodeName: string | undefined
}

/** The orchestrator's objects, read at each call. */
export interface Orchestrator {
  volumes(signal: AbortSignal): Promise<readonly ClusterVolume[]>
  /** The ids of this driver's snapshots and groups of snapshots. */
  snapshotIds(signal: AbortSignal): Promise<readonly string[]>
  /** The names of the nodes on which an ordinary pod that uses this driver can be scheduled. */
  nodesForPods(signal: AbortSignal): Promise<ReadonlySet<string>>
  /** Unique, and constant for the life of a cluster. */
  clusterUid(signal: AbortSignal): Promise<string>
  nodeNames(signal: AbortSignal): Promise<ReadonlySet<string>>
  /**
   * Deletes a claim as a user does: its finalizers protect it while it is in use. Succeeds if the claim is
   * already deleted.
   */
  deleteClaim(claim: ObjectRef, signal: AbortSignal): Promise<void>
}

/** The state of the cluster that the router uses besides the addresses of the nodes. */
export interface ClusterContext {
  readonly report: ReportNotice
  /** Whether the node of a volume or snapshot was given up, and its data with it. */
  readonly isOnLostNode: (id: string) => boolean
  /** The UID of the cluster; undefined without an orchestrator, and until it could be read. */
  readonly clusterUid: () => string | undefined
  /** The names of the nodes on which ordinary pods can be scheduled; undefined when unknown. */
  readonly nodesForPods: () => Promise<ReadonlySet<string> | undefined>
}

/** Without an orchestrator. */
export const noCluster: ClusterContext = {
  report: () => undefined,
  isOnLostNode: () => false,
  clusterUid: () => undefined,
  nodesForPods: () => Promise.resolve(undefined),
}
