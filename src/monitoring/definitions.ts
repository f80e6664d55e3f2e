/** A metric. Its name ends with its base unit (prometheus.io/docs/practices/naming). */
export interface Definition {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
}

const pool = ['pool'] as const
const volume = ['pool', 'volume_id', 'claim_namespace', 'persistentvolumeclaim'] as const

/** Metrics of both roles. The reference page is generated from the definitions. */
export const common = {
  buildInfo: {
    name: 'csi_driver_loop_build_info',
    type: 'gauge',
    help: '1, with the version of the driver.',
    labels: ['version'],
  },
  rpcDuration: {
    name: 'csi_driver_loop_rpc_duration_seconds',
    type: 'histogram',
    help: 'Duration of the calls of the CSI services, by method and gRPC status code.',
    labels: ['method', 'code'],
  },
  certificateExpiration: {
    name: 'csi_driver_loop_certificate_expiration_timestamp_seconds',
    type: 'gauge',
    help: 'Expiration of the certificate of this process (tls.crt), or of the CA that signed it (ca.crt), since 1970.',
    labels: ['file'],
  },
  certificateNotBefore: {
    name: 'csi_driver_loop_certificate_not_before_timestamp_seconds',
    type: 'gauge',
    help: 'Begin of the validity of these certificates, since 1970.',
    labels: ['file'],
  },
  cpu: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'User and system CPU time.',
    labels: [],
  },
  startTime: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'Start of the process, since 1970.',
    labels: [],
  },
  residentMemory: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory.',
    labels: [],
  },
  openFiles: {
    name: 'process_open_fds',
    type: 'gauge',
    help: 'Open file descriptors.',
    labels: [],
  },
  heap: {
    name: 'nodejs_heap_size_used_bytes',
    type: 'gauge',
    help: 'Used size of the JavaScript heap.',
    labels: [],
  },
} as const satisfies Record<string, Definition>

/** Metrics of the controller role in Kubernetes. Only the leader of several replicas has all of them. */
export const controller = {
  leader: {
    name: 'csi_driver_loop_leader',
    type: 'gauge',
    help: '1 in the replica that compares nodes and PersistentVolumes, 0 in the others.',
    labels: [],
  },
  orphanedVolumes: {
    name: 'csi_driver_loop_orphaned_volumes',
    type: 'gauge',
    help: 'Volumes without a PersistentVolume, by their node.',
    labels: ['node'],
  },
  lostVolumes: {
    name: 'csi_driver_loop_lost_volumes',
    type: 'gauge',
    help: 'PersistentVolumes whose node no longer exists, by that node.',
    labels: ['node'],
  },
  deletedOrphans: {
    name: 'csi_driver_loop_deleted_orphans_total',
    type: 'counter',
    help: 'Volumes without a PersistentVolume that were deleted (--delete-orphans).',
    labels: [],
  },
  releasedClaims: {
    name: 'csi_driver_loop_released_claims_total',
    type: 'counter',
    help: 'Claims that were deleted because their node no longer exists (--release-lost-nodes).',
    labels: [],
  },
} as const satisfies Record<string, Definition>

/** Metrics of the node role. */
export const node = {
  stepDuration: {
    name: 'csi_driver_loop_step_duration_seconds',
    type: 'histogram',
    help: 'Duration of the steps of operations: attach, mkfs, mount, copy, and freeze, during which writers wait.',
    labels: ['step', 'result'],
  },
  stepsRunning: {
    name: 'csi_driver_loop_steps_running',
    type: 'gauge',
    help: 'Steps of operations that are running.',
    labels: ['step'],
  },
  repairs: {
    name: 'csi_driver_loop_repairs_total',
    type: 'counter',
    help: 'Repairs after crashes: of unfinished volumes, snapshots and deletions, of orphaned devices, and of freezes.',
    labels: ['kind'],
  },
  poolSize: {
    name: 'csi_driver_loop_pool_size_bytes',
    type: 'gauge',
    help: 'Space that all images of the pool together may allocate.',
    labels: pool,
  },
  poolFree: {
    name: 'csi_driver_loop_pool_free_bytes',
    type: 'gauge',
    help: 'Free space of the file system of the pool.',
    labels: pool,
  },
  poolAllocated: {
    name: 'csi_driver_loop_pool_allocated_bytes',
    type: 'gauge',
    help: 'Space that the images of the pool have allocated.',
    labels: pool,
  },
  poolProvisioned: {
    name: 'csi_driver_loop_pool_provisioned_bytes',
    type: 'gauge',
    help: 'Provisioned space: the capacities of the volumes, and what the snapshots have allocated.',
    labels: pool,
  },
  poolOvercommit: {
    name: 'csi_driver_loop_pool_overcommit_ratio',
    type: 'gauge',
    help: 'Configured ratio of the space that may be provisioned to the size of the pool.',
    labels: pool,
  },
  poolProblem: {
    name: 'csi_driver_loop_pool_problem',
    type: 'gauge',
    help: '1 for each problem of a pool, by the reason in NodeGetStorageHealth.',
    labels: ['pool', 'reason'],
  },
  volumes: {
    name: 'csi_driver_loop_pool_volumes',
    type: 'gauge',
    help: 'Volumes of the pool.',
    labels: pool,
  },
  snapshots: {
    name: 'csi_driver_loop_pool_snapshots',
    type: 'gauge',
    help: 'Snapshots of the pool.',
    labels: pool,
  },
  volumeCapacity: {
    name: 'csi_driver_loop_volume_capacity_bytes',
    type: 'gauge',
    help: 'Capacity of a volume. The labels of the claim are empty if the CO does not pass them.',
    labels: volume,
  },
  volumeAllocated: {
    name: 'csi_driver_loop_volume_allocated_bytes',
    type: 'gauge',
    help: 'Space that the image of a volume has allocated.',
    labels: volume,
  },
  volumeProblem: {
    name: 'csi_driver_loop_volume_problem',
    type: 'gauge',
    help: '1 for each problem of a volume on the disk, by the reason in ControllerGetVolumeHealth.',
    labels: [...volume, 'reason'],
  },
  loopDevices: {
    name: 'csi_driver_loop_loop_devices',
    type: 'gauge',
    help: 'Loop devices of the machine, of any program: attached to a file (bound), or free.',
    labels: ['state'],
  },
  orphanedLoopDevices: {
    name: 'csi_driver_loop_leaked_loop_devices',
    type: 'gauge',
    help: 'Orphaned loop devices: of deleted volumes of all nodes of the machine, kept because they are or may be in use.',
    labels: [],
  },
} as const satisfies Record<string, Definition>
