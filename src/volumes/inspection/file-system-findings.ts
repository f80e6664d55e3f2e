import { FileSystemMissing, fileSystemAction } from '../model/file-system-state.ts'
import type { Finding } from '../health/finding.ts'
import type { FileSystems, ImageFiles } from '../model/ports.ts'
import type { VolumeOnNode } from './volume-on-node.ts'

export interface FileSystemInspection {
  readonly files: Pick<ImageFiles, 'hasData'>
  readonly fileSystems: Pick<FileSystems, 'identify'>
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
    fileSystemAction(volume, image, found)
    return []
  } catch (error) {
    if (!(error instanceof FileSystemMissing)) throw error
    const { cure, problem } = error
    return [{ severity: 'error', reason: 'FileSystemMissing', message: problem, cure }]
  }
}
