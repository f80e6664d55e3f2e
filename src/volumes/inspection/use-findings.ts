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

/** What is wrong with a volume that is in use. */
export async function useFindings({ volume, image, devices, mounts }: VolumeOnNode): Promise<Finding[]> {
  const found = deviceIssues(volume, devices).map((issue) => inUse(volume.id, issue, image))
  for (const entry of mounts.filter(isFileSystemMount)) {
    const place = { path: entry.target, entry, isShutDown: await isShutDown(entry.target) }
    found.push(...placeIssues(place, devices, false).map((issue) => inUse(volume.id, issue, entry.target)))
  }
  // Ours on top of the first is read-only.
  const writers = devices.filter(({ readOnly }) => !readOnly)
  if (writers.length > 1) {
    const paths = writers.map(({ device }) => device.path)
    found.push(findingOf('AttachedTwice', { id: volume.id, devices: paths }))
  }
  return found
}

/** The word that a driver leaves before it freezes; it counts only when no driver is at work. */
export function frozenFindings(pool: PoolOnDisk, volumes: readonly VolumeOnNode[]): Finding[] {
  const unfinished = [...pool.volumes.unfinished.values(), ...pool.snapshots.unfinished.values()]
  return [...new Set(unfinished.flat())].flatMap((id) => {
    const found = volumes.find(({ volume }) => volume.id === id)
    // What is frozen holds its device, also when it is not mounted any more.
    if (!found || found.devices.length === 0) return []
    return [findingOf('MayBeFrozen', { id, mountPoint: found.mounts.find(isFileSystemMount)?.target })]
  })
}

/**
 * A device with a name of ours, whose image is deleted: the volume is gone, and the device holds its blocks.
 */
export interface OrphanDevice {
  readonly state: LoopState
  /** Those on top of it, which keep it. */
  readonly above: readonly LoopDevice[]
  /** Else it is of another node of the machine, of which a container does not see who uses it. */
  readonly isHere: boolean
}

export function orphanFinding(
  { state: { device, name }, above, isHere }: OrphanDevice,
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
 * Whether the file system of a volume that nobody uses is in its place, by its superblock alone: a stage
 * looks more closely, but this is cheap enough to do for all volumes.
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
