import { formatBytes } from '../model/bytes.ts'
import { asTheErrorSays, READ_THE_LOG, upgrade, type IssueKind, type Place } from './issue-kind.ts'

const unreachable = {
  status: 'unreachable',
  severity: 'error',
  message: asTheErrorSays,
} as const satisfies Partial<IssueKind>

/** Why a pool cannot be used now. */
export const unreachablePools = {
  PoolNotMounted: {
    ...unreachable,
    remedy: ({ path }: Place) =>
      `mount the disk of ${path} (mount --all, where it is in /etc/fstab); a running driver finds the pool by itself`,
  },
  PoolReplaced: {
    ...unreachable,
    remedy: ({ path }: Place) => `umount the disk of ${path}, and mount the right one`,
  },
  PoolUnreadable: {
    ...unreachable,
    remedy: ({ path }: Place) => `${READ_THE_LOG}; repair the disk of ${path}, then restart the driver`,
  },
  PoolNotAnswering: {
    ...unreachable,
    remedy: ({ path }: Place) =>
      `${READ_THE_LOG}; make the disk or server of ${path} answer, or unmount it (umount --lazy) and mount it again; a running driver finds the pool by itself`,
  },
  PoolInUse: {
    ...unreachable,
    remedy: ({ path }: Place) =>
      `end the other driver process that has ${path} open (lsof ${path}), or wait until it has ended; a running driver finds the pool by itself`,
  },
  PoolDamaged: {
    ...unreachable,
    remedy: () =>
      'make sure that the disk of the pool is mounted; restore the file from a backup, or do what the message says; a running driver finds it by itself',
  },
  PoolOfNewerDriver: { ...unreachable, remedy: upgrade },
  PoolImageMissing: {
    ...unreachable,
    remedy: ({ path }: Place) => `mount the disk of ${path} (mount --all, where it is in /etc/fstab)`,
  },
  PoolImageNotMountable: {
    ...unreachable,
    remedy: ({ path }: Place) => `xfs_repair -n ${path}, while no driver runs, tells what is damaged`,
  },
} as const satisfies Record<string, IssueKind>

/** All issues of pools. */
export const poolIssues = {
  ...unreachablePools,
  PoolReadOnly: {
    status: 'degraded',
    // Volumes can be read, but every write fails.
    severity: 'error',
    message: ({ pool, path }: Place & { readonly pool: string }) =>
      `pool "${pool}": the file system of ${path} is read-only, by choice or after errors`,
    advice: () => "check the kernel's log, repair it, and mount it for writing",
    remedy: ({ path }: Place) =>
      `${READ_THE_LOG}, repair the disk, then mount -o remount,rw "$(findmnt --noheadings --output TARGET --target ${path})"`,
  },
  PoolNearlyFull: {
    status: 'degraded',
    severity: 'warning',
    message: (facts: { readonly pool: string; readonly usedBytes: bigint; readonly leftBytes: bigint }) =>
      `pool "${facts.pool}": ${formatBytes(facts.usedBytes)} are in use and ${formatBytes(facts.leftBytes)} are left for volumes; delete volumes and snapshots, or give it more room, before writes to thin volumes wait or fail`,
    remedy: () =>
      'csi-driver-loop volume df tells what is large; delete volumes or snapshots, trim (csi-driver-loop volume trim), or raise the size of the pool in --config and restart the driver',
  },
  PoolFull: {
    status: 'degraded',
    severity: 'error',
    message: ({ pool, freeBytes }: { readonly pool: string; readonly freeBytes: bigint }) =>
      `pool "${pool}": its disk has only ${formatBytes(freeBytes)} left, so thin volumes that take more wait; delete volumes and snapshots, or give it more room, and they go on`,
    remedy: () =>
      'csi-driver-loop volume df tells what is large; delete volumes or snapshots, or other files on the disk of the pool; the driver thaws the volumes when there is room',
  },
  PoolUnreachable: {
    status: 'inaccessible',
    severity: 'error',
    message: asTheErrorSays,
    remedy: () => 'bring the pool back, as its own reason says',
  },
  PoolMisconfigured: {
    severity: 'error',
    message: asTheErrorSays,
    remedy: () => 'change the configuration (--config), then restart the driver',
  },
  PoolNotVisible: {
    severity: 'warning',
    message: ({ pool, driver }: { readonly pool: string; readonly driver: number }) =>
      `pool "${pool}" is an image that is mounted in the mount namespace of the driver (process ${driver}), not in this one; its volumes are not examined`,
    remedy: ({ driver }: { readonly driver: number }) =>
      `look from there: kubectl exec into the driver's pod, or nsenter --target ${driver} --mount`,
  },
} as const satisfies Record<string, IssueKind>
