/** An object of the orchestrator that an event is about. */
export interface ObjectRef {
  readonly kind: 'PersistentVolumeClaim' | 'PersistentVolume' | 'Node' | 'Pod'
  /** Undefined for objects of the whole cluster. */
  readonly namespace: string | undefined
  readonly name: string
  readonly uid: string
}

/** What people have to know of an object, in the words of the cluster's events. */
export interface Notice {
  readonly about: ObjectRef
  /** For programs, one word in CamelCase. */
  readonly reason: string
  /** For people: what is wrong, and what to do. */
  readonly message: string
}

/** Takes it over to where people look. Never fails, and repeats nothing that was told a while ago. */
export type Tell = (notice: Notice) => void

/** A PersistentVolume of this driver. */
export interface ClusterVolume {
  readonly volumeId: string
  readonly volume: ObjectRef
  /** Undefined when it is not bound. */
  readonly claim: ObjectRef | undefined
  /** The node that it says it is on. */
  readonly nodeName: string | undefined
}

/** What the orchestrator knows, as of now. */
export interface Orchestrator {
  volumes(signal: AbortSignal): Promise<readonly ClusterVolume[]>
  /** The ids of the snapshots and groups of snapshots that the cluster has of this driver. */
  snapshotIds(signal: AbortSignal): Promise<readonly string[]>
  /** The names of the nodes on which an ordinary pod that uses this driver can be scheduled. */
  nodesForPods(signal: AbortSignal): Promise<ReadonlySet<string>>
  /** Another one in each cluster, and the same for the life of a cluster. */
  clusterUid(signal: AbortSignal): Promise<string>
  nodeNames(signal: AbortSignal): Promise<ReadonlySet<string>>
  /**
   * Deletes a claim as people do: what protects it while it is used goes on to protect it. Gone already:
   * nothing to do.
   */
  deleteClaim(claim: ObjectRef, signal: AbortSignal): Promise<void>
}
