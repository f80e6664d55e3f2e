import { deviceIssues, placeIssues } from '../health/node-issues.ts'
import { findingOf, toFinding, type Finding, type VolumeIssue } from '../issues/catalogue.ts'
import { isFileSystemMount, mountsOf } from '../machine/attachments.ts'
import { isShutDown } from '../machine/mount-points.ts'
import { fileSystemAction, FileSystemMissing } from '../model/file-system-state.ts'
import type { FileSystems } from '../model/ports/file-systems.ts'
import type { ImageFiles } from '../model/ports/image-files.ts'
import type { LoopDevice, LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry } from '../model/ports/mounts.ts'
import type { PoolOnDisk } from './pool-on-disk.ts'
import type { VolumeOnNode } from './volume-on-node.ts'

/** Findings about the devices and mounts of a volume. */
export async function useFindings({ volume, image, devices, mounts }: VolumeOnNode): Promise<Finding[]> {
  const found = deviceIssues(volume, devices).map((issue) => inUse(volume.id, issue, image))
  for (const entry of mounts.filter(isFileSystemMount)) {
    const place = { path: entry.target, entry, isShutDown: await isShutDown(entry.target) }
    found.push(...placeIssues(place, devices, false).map((issue) => inUse(volume.id, issue, entry.target)))
  }
  // The driver's device on top of the first is read-only.
  const writers = devices.filter(({ readOnly }) => !readOnly)
  if (writers.length > 1) {
    const paths = writers.map(({ device }) => device.path)
    found.push(findingOf('AttachedTwice', { id: volume.id, devices: paths }))
  }
  return found
}

/** Findings by freeze markers. Only for a pool that no driver has open: a running driver thaws by itself. */
export function frozenFindings(pool: PoolOnDisk, volumes: readonly VolumeOnNode[]): Finding[] {
  const unfinished = [...pool.volumes.unfinished.values(), ...pool.snapshots.unfinished.values()]
  return [...new Set(unfinished.flat())].flatMap((id) => {
    const found = volumes.find(({ volume }) => volume.id === id)
    // A frozen file system holds its device, even when it is no longer mounted.
    if (!found || found.devices.length === 0) return []
    return [findingOf('MayBeFrozen', { id, mountPoint: found.mounts.find(isFileSystemMount)?.target })]
  })
}

/**
 * An orphaned device. It keeps the blocks of a deleted image. Its volume has no record any more, so it is
 * observed by its device alone, and not as a `VolumeState`.
 */
export interface OrphanedDevice {
  readonly state: LoopState
  /** The devices on top of it, which must be detached first. */
  readonly above: readonly LoopDevice[]
  /** False for a volume of another node of the machine, whose mounts may not be visible here. */
  readonly isHere: boolean
}

export function orphanedDeviceFinding(
  { state: { device, name }, above, isHere }: OrphanedDevice,
  mounts: readonly MountEntry[],
): Finding {
  return findingOf('OrphanDevice', {
    device: device.path,
    volumeId: name,
    isHere,
    targets: mountsOf(device, mounts).map(({ target }) => target),
    above: above.map(({ path }) => path),
  })
}

function inUse(id: string, issue: VolumeIssue, path: string): Finding {
  return toFinding({ ...issue, message: `volume "${id}": ${issue.message}` }, { path })
}

export interface FileSystemInspection {
  readonly files: Pick<ImageFiles, 'hasData'>
  readonly fileSystems: Pick<FileSystems, 'identify' | 'repairs'>
}

/**
 * Whether the image of a volume that is not in use has its file system. Reads the superblock only, which is
 * cheap enough for all volumes; a stage probes more.
 */
export async function fileSystemFindings(
  { devices, image, volume }: VolumeOnNode,
  { files, fileSystems }: FileSystemInspection,
): Promise<Finding[]> {
  if (volume.fileSystem.state !== 'formatted' || devices.length > 0) return []
  const identity = await fileSystems.identify(image)
  const found = {
    type: identity?.type,
    uuid: identity?.uuid,
    partitionTable: undefined,
    unfinished: false,
    hasData: identity !== undefined || (await files.hasData(image)),
  }
  try {
    fileSystemAction(volume, image, found, fileSystems.repairs(volume.fsType))
    return []
  } catch (error) {
    if (!(error instanceof FileSystemMissing)) throw error
    return [findingOf('FileSystemMissing', error)]
  }
}
