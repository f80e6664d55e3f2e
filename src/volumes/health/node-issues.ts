import { isLoopMount, isMountOf } from '../machine/attachments.ts'
import { issueOf, type VolumeIssue } from '../issues/catalogue.ts'
import type { LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry } from '../model/ports/mounts.ts'
import type { Volume } from '../model/volume.ts'
import { attachmentOf } from '../state/volume-state.ts'

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
  const { device, sizeBytes } = small
  const { capacityBytes } = volume
  return [issueOf('DeviceTooSmall', { device: device.path, deviceBytes: sizeBytes, capacityBytes })]
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
    return isLoopMount(entry)
      ? [issueOf('DeviceLost', { what: `${path} shows ${entry.source}` })]
      : [issueOf('NotMounted', { path })]
  }
  if (!entry && isStagedBlock) {
    return attachmentOf(own) === 'raw' ? [] : [issueOf('DeviceLost', { what: 'it has no loop device' })]
  }
  if (!entry) return [issueOf('NotMounted', { path })]
  if (isShutDown || entry.options.includes('shutdown')) return [issueOf('FileSystemShutDown', { path })]
  return isReadOnlyAfterErrors(entry.options) ? [issueOf('FileSystemReadOnly', { path })] : []
}

/**
 * The options of the mount point come first, then those of the file system: the one was asked for, the other
 * is what has become of it. Since Linux 6.15 or so ext4 does not say `ro` but `emergency_ro`.
 */
function isReadOnlyAfterErrors(options: readonly string[]): boolean {
  if (options.includes('emergency_ro')) return true
  return options[0] === 'rw' && options.includes('ro')
}
