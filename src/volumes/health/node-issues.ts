import { isLoopMount, isMountOf } from '../machine/attachments.ts'
import type { LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry } from '../model/ports/mounts.ts'
import type { Volume } from '../model/volume.ts'
import { attachmentOf } from '../state/volume-state.ts'
import type { VolumeIssue } from './issue.ts'

/** A path where the CO believes the volume to be, and what is mounted there. */
export interface Place {
  readonly path: string
  readonly entry: MountEntry | undefined
  /** True for a file system that has shut down after errors. */
  readonly isShutDown: boolean
}

/** The end of an image that is no whole sector is not in the device. */
const SECTOR_BYTES = 512n

/** What is wrong with the devices of a volume that is in use. */
export function deviceIssues(volume: Volume, devices: readonly LoopState[]): VolumeIssue[] {
  const small = devices.find(({ sizeBytes }) => sizeBytes + SECTOR_BYTES <= volume.capacityBytes)
  if (!small) return []
  return [
    {
      status: 'degraded',
      reason: 'DeviceTooSmall',
      message: `${small.device.path} has ${small.sizeBytes} bytes, the volume ${volume.capacityBytes}; repeat the expansion of the volume (NodeExpandVolume)`,
    },
  ]
}

/**
 * What is wrong at one path.
 * @param devices those that have the volume's image behind them; a staged block volume is no mount, only a
 * device
 */
export function placeIssues(
  { path, entry, isShutDown }: Place,
  devices: readonly LoopState[],
  isStagedBlock: boolean,
): VolumeIssue[] {
  const [own] = devices
  if (entry && !devices.some(({ device }) => isMountOf(device, entry))) {
    return [isLoopMount(entry) ? deviceLost(`${path} shows ${entry.source}`) : notMounted(path)]
  }
  if (!entry && isStagedBlock) return attachmentOf(own) === 'raw' ? [] : [deviceLost('it has no loop device')]
  if (!entry) return [notMounted(path)]
  return isShutDown || entry.options.includes('shutdown')
    ? [fileSystemShutDown(path)]
    : readOnlyIssues(path, entry)
}

function readOnlyIssues(path: string, { options }: MountEntry): VolumeIssue[] {
  if (!isReadOnlyAfterErrors(options)) return []
  const message = `the file system at ${path} has become read-only after errors; check the kernel's log, and restart the pod, so that it is checked and mounted again`
  return [{ status: 'degraded', reason: 'FileSystemReadOnly', message }]
}

/**
 * The options of the mount point come first, then those of the file system: the one was asked for, the other
 * is what has become of it. Since Linux 6.15 or so ext4 does not say `ro` but `emergency_ro`.
 */
function isReadOnlyAfterErrors(options: readonly string[]): boolean {
  if (options.includes('emergency_ro')) return true
  return options[0] === 'rw' && options.includes('ro')
}

function fileSystemShutDown(path: string): VolumeIssue {
  const message = `the file system at ${path} has shut down after errors; check the kernel's log, and restart the pod, so that it is checked and mounted again`
  return { status: 'inaccessible', reason: 'FileSystemShutDown', message }
}

function deviceLost(what: string): VolumeIssue {
  return {
    status: 'inaccessible',
    reason: 'DeviceLost',
    message: `${what}, which is not attached to the volume's image: the device was detached or the image replaced; restart the pod`,
  }
}

function notMounted(path: string): VolumeIssue {
  return {
    status: 'inaccessible',
    reason: 'NotMounted',
    message: `the volume is not mounted at ${path}: it was unmounted; restart the pod`,
  }
}
