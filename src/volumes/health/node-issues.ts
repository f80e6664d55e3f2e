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

/** A device has whole sectors only, so it may lack the end of its image. */
const SECTOR_BYTES = 512n

/** The issues of the devices of a volume in use. */
export function deviceIssues(volume: Volume, devices: readonly LoopState[]): VolumeIssue[] {
  const small = devices.find(({ sizeBytes }) => sizeBytes + SECTOR_BYTES <= volume.capacityBytes)
  if (!small) return []
  const { device, sizeBytes } = small
  const { capacityBytes } = volume
  return [issueOf('DeviceTooSmall', { device: device.path, deviceBytes: sizeBytes, capacityBytes })]
}

/**
 * The issues at one path.
 * @param devices the devices of the volume's image, its own first
 * @param isStagedBlock for the staging path of a raw block volume, where nothing is mounted
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
 * The options of the mount come first, then those of the file system, which turns to `ro` by itself. ext4 of
 * recent kernels (seen on 6.18) shows `emergency_ro` in place of `ro`.
 */
function isReadOnlyAfterErrors(options: readonly string[]): boolean {
  if (options.includes('emergency_ro')) return true
  return options[0] === 'rw' && options.includes('ro')
}
