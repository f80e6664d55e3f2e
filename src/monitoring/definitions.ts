/**
 * One metric, as Prometheus sees it. Units are base units, and in the name
 * (prometheus.io/docs/practices/naming).
 */
export interface Definition {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
}

const pool = ['pool'] as const
const volume = ['pool', 'volume_id', 'claim_namespace', 'persistentvolumeclaim'] as const

/**
 * What both roles tell. The page of the documentation and the checks of dashboard and alerts are made of
 * these.
 */
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
    help: 'How long calls of the CSI services took, by method and gRPC status code.',
    labels: ['method', 'code'],
  },
  certificateExpiration: {
    name: 'csi_driver_loop_certificate_expiration_timestamp_seconds',
    type: 'gauge',
    help: 'When the certificate of this process (tls.crt), or the CA that has signed it (ca.crt), expires, since 1970.',
    labels: ['file'],
  },
  certificateNotBefore: {
    name: 'csi_driver_loop_certificate_not_before_timestamp_seconds',
    type: 'gauge',
    help: 'From when on they are valid, since 1970.',
    labels: ['file'],
  },
  cpu: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'User and system time.',
    labels: [],
  },
  startTime: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'Start since 1970.',
    labels: [],
  },
  residentMemory: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory in RAM.',
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
    help: 'Memory of JavaScript objects.',
    labels: [],
  },
} as const satisfies Record<string, Definition>

/** What the controller role tells in Kubernetes; of several replicas the one that leads. */
export const controller = {
  leader: {
    name: 'csi_driver_loop_leader',
    type: 'gauge',
    help: '1 in the replica that compares nodes and PersistentVolumes, 0 in the others.',
    labels: [],
  },
  orphans: {
    name: 'csi_driver_loop_orphaned_volumes',
    type: 'gauge',
    help: 'Volumes without a PersistentVolume, by the node that they are on.',
    labels: ['node'],
  },
  lost: {
    name: 'csi_driver_loop_lost_volumes',
    type: 'gauge',
    help: 'PersistentVolumes whose node no longer exists, by its name.',
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

/** What the node role tells. */
export const node = {
  stepDuration: {
    name: 'csi_driver_loop_step_duration_seconds',
    type: 'histogram',
    help: 'How long work on the machine took: attaching, mkfs, mounting, copying, and how long writers were held up (freeze).',
    labels: ['step', 'result'],
  },
  stepsRunning: {
    name: 'csi_driver_loop_steps_running',
    type: 'gauge',
    help: 'Work on the machine that is under way.',
    labels: ['step'],
  },
  repairs: {
    name: 'csi_driver_loop_repairs_total',
    type: 'counter',
    help: 'What crashes had left, and the driver has put right: half-made volumes and snapshots, removals, devices, freezes.',
    labels: ['kind'],
  },
  poolSize: {
    name: 'csi_driver_loop_pool_size_bytes',
    type: 'gauge',
    help: 'What all images of the pool together may take.',
    labels: pool,
  },
  poolFree: {
    name: 'csi_driver_loop_pool_free_bytes',
    type: 'gauge',
    help: 'What is free on the file system under the pool.',
    labels: pool,
  },
  poolAllocated: {
    name: 'csi_driver_loop_pool_allocated_bytes',
    type: 'gauge',
    help: 'What the images of the pool take on the disk.',
    labels: pool,
  },
  poolProvisioned: {
    name: 'csi_driver_loop_pool_provisioned_bytes',
    type: 'gauge',
    help: 'What volumes and snapshots of the pool may take: the sum of the capacities.',
    labels: pool,
  },
  poolOvercommit: {
    name: 'csi_driver_loop_pool_overcommit_ratio',
    type: 'gauge',
    help: 'How many times its size the pool may promise to thin volumes, as configured.',
    labels: pool,
  },
  poolProblem: {
    name: 'csi_driver_loop_pool_problem',
    type: 'gauge',
    help: '1 for each thing that is wrong with a pool, by the reason that NodeGetStorageHealth gives.',
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
    help: 'Capacity of a volume. The labels of the claim are empty where the CO has not told it.',
    labels: volume,
  },
  volumeAllocated: {
    name: 'csi_driver_loop_volume_allocated_bytes',
    type: 'gauge',
    help: 'What the image of a volume takes on the disk.',
    labels: volume,
  },
  volumeProblem: {
    name: 'csi_driver_loop_volume_problem',
    type: 'gauge',
    help: '1 for each thing that is wrong with a volume on the disk, by the reason that ControllerGetVolumeHealth gives.',
    labels: [...volume, 'reason'],
  },
  loopDevices: {
    name: 'csi_driver_loop_loop_devices',
    type: 'gauge',
    help: "The machine's loop devices, whoever made them: bound to a file, or free.",
    labels: ['state'],
  },
  leakedLoopDevices: {
    name: 'csi_driver_loop_leaked_loop_devices',
    type: 'gauge',
    help: 'Loop devices of volumes that are gone, of all nodes of the machine, kept because something uses or may use them.',
    labels: [],
  },
} as const satisfies Record<string, Definition>
