import { READ_THE_LOG, restoreBoth, upgrade, type IssueKind, type Place } from './issue-kind.ts'

interface Damage {
  readonly id: string
  /** Why the record or the image cannot be used. */
  readonly problem: string
}

const dataLoss = {
  status: 'data-loss',
  severity: 'error',
  message: ({ id, problem }: Damage) => `volume "${id}": ${problem}; restore it from a snapshot or a backup`,
  remedy: ({ path }: Place) => `cp --sparse=always BACKUP ${path}, then restart the driver`,
} as const satisfies IssueKind

const checkAndMount = ({ path }: Place): string =>
  `${READ_THE_LOG}; restart the pod, so that what is at ${path} is checked and mounted again`

const restartPod = (): string => 'restart the pod'

/** Issues of volumes, on the disk and in use, as CSI's health calls report them. */
const healthIssues = {
  ImageMissing: dataLoss,
  ImageShrunk: dataLoss,
  FileSystemMissing: {
    status: 'inaccessible',
    severity: 'error',
    message: ({ problem }: { readonly problem: string }) => problem,
    advice: 'remedy',
    remedy: ({ remedy }: { readonly remedy: string }) => remedy,
  },
  VolumeDamaged: {
    status: 'inaccessible',
    severity: 'error',
    message: ({ id, problem }: Damage) =>
      `volume "${id}" cannot be used: ${problem}; repair or restore its record and its image, then restart the driver`,
    remedy: restoreBoth,
  },
  VolumeOfNewerDriver: {
    status: 'inaccessible',
    severity: 'error',
    message: ({ id, problem }: Damage) => `volume "${id}" cannot be used: ${problem}`,
    remedy: upgrade,
  },
  FileSystemReadOnly: {
    status: 'degraded',
    severity: 'warning',
    message: ({ path }: Place) =>
      `the file system at ${path} has become read-only after errors; check the kernel's log, and restart the pod, so that it is checked and mounted again`,
    remedy: checkAndMount,
  },
  FileSystemShutDown: {
    status: 'inaccessible',
    severity: 'error',
    message: ({ path }: Place) =>
      `the file system at ${path} has shut down after errors; check the kernel's log, and restart the pod, so that it is checked and mounted again`,
    remedy: checkAndMount,
  },
  DeviceLost: {
    status: 'inaccessible',
    severity: 'error',
    message: ({ what }: { readonly what: string }) =>
      `${what}, which is not attached to the volume's image: the device was detached or the image replaced; restart the pod`,
    remedy: restartPod,
  },
  DeviceTooSmall: {
    status: 'degraded',
    severity: 'warning',
    message: (facts: {
      readonly device: string
      readonly deviceBytes: bigint
      readonly capacityBytes: bigint
    }) =>
      `${facts.device} has ${facts.deviceBytes} bytes, the volume ${facts.capacityBytes}; repeat the expansion of the volume (NodeExpandVolume)`,
    remedy: () => 'repeat the expansion: restart a pod of the volume, so that the kubelet does it',
  },
  NotMounted: {
    status: 'inaccessible',
    severity: 'error',
    message: ({ path }: Place) => `the volume is not mounted at ${path}: it was unmounted; restart the pod`,
    remedy: restartPod,
  },
} as const satisfies Record<string, IssueKind>

const snapshotDamaged = ({ id, problem }: Damage): string => `snapshot "${id}" cannot be used: ${problem}`

interface OrphanedDeviceFacts {
  readonly device: string
  readonly volumeId: string
  /** Of this node; else of another node of the machine, whose mounts may not be visible here. */
  readonly isHere: boolean
  /** Where it is mounted. */
  readonly targets: readonly string[]
  /** The devices on top of it, which must be detached first. */
  readonly above: readonly string[]
}

/** All issues of volumes and snapshots. Those without a status are found by `doctor` only. */
export const volumeIssues = {
  ...healthIssues,
  SnapshotDamaged: { severity: 'error', message: snapshotDamaged, remedy: restoreBoth },
  SnapshotOfNewerDriver: { severity: 'error', message: snapshotDamaged, remedy: upgrade },
  AttachedTwice: {
    severity: 'error',
    message: ({ id, devices }: { readonly id: string; readonly devices: readonly string[] }) =>
      `volume "${id}" is attached to ${devices.join(' and ')}: writers of one overwrite what those of the other write`,
    remedy: ({ id }: { readonly id: string }) =>
      `end the pods of the volume, then csi-driver-loop loop detach each of them, and check the volume (csi-driver-loop volume check ${id})`,
  },
  MayBeFrozen: {
    severity: 'error',
    message: ({ id }: { readonly id: string }) =>
      `the file system of volume "${id}" may be frozen, by a driver that ended while it took a snapshot: its writers wait`,
    remedy: ({ mountPoint }: { readonly mountPoint: string | undefined }) =>
      `start the driver, which thaws it${mountPoint === undefined ? '' : `, or fsfreeze --unfreeze ${mountPoint}`}`,
  },
  OrphanDevice: {
    severity: 'error',
    warnsOnly: ({ isHere }: OrphanedDeviceFacts) => !isHere,
    message: ({ device, volumeId, isHere, targets }: OrphanedDeviceFacts) =>
      `${device} is attached to the deleted image of volume "${volumeId}"${isHere ? '' : ' of another node'}${targets.length > 0 ? `, and is mounted at ${targets.join(' and ')}` : ''}`,
    remedy: ({ device, isHere, targets, above }: OrphanedDeviceFacts) => {
      const unmount = targets.map((target) => `umount ${target}`)
      const detach = [...above, device].map(
        (path) => `csi-driver-loop loop detach ${isHere ? '' : '--force '}${path}`,
      )
      return `${isHere ? '' : 'when that node is gone: '}${[...unmount, ...detach].join(' && ')}`
    },
  },
  Leftover: {
    severity: 'warning',
    message: ({ path }: Place) => `${path} is left of an operation that was interrupted, and takes space`,
    remedy: () => 'start the driver, which removes it',
  },
  VolumeOfAnotherNode: {
    severity: 'warning',
    message: (facts: { readonly id: string; readonly pool: string; readonly nodeId: string }) =>
      `volume "${facts.id}" in pool "${facts.pool}" was made by another node than "${facts.nodeId}"`,
    remedy: ({ directory }: { readonly directory: string }) => `csi-driver-loop volume adopt ${directory}`,
  },
} as const satisfies Record<string, IssueKind>
