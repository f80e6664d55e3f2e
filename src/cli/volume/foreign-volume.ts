import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hasErrno, VolumeError } from '../../volumes/model/errors.ts'
import { isIdOfNode } from '../../volumes/model/ids.ts'
import type { ImageFiles } from '../../volumes/model/ports/image-files.ts'
import type { Volume } from '../../volumes/model/volume.ts'
import { IMAGE } from '../../volumes/pool/records/draft.ts'
import { snapshotKind, volumeKind } from '../../volumes/pool/records/record-kinds.ts'
import type { InspectedNode } from '../node/inspect.ts'

/**
 * An image that no cluster requests from this node: of another node, of this node under another name, or
 * without a record.
 */
export interface ForeignVolume {
  readonly image: string
  /** The directory of its record, where it has one. */
  readonly directory: string | undefined
  readonly record: Volume | undefined
}

/**
 * @param path a volume's directory, its image, or any image
 * @throws VolumeError failed-precondition for an image of this node, or one with several hard links
 */
export async function findForeignVolume(
  path: string,
  nodeId: string,
  node: InspectedNode,
): Promise<ForeignVolume> {
  const given = await realpath(path)
  const image = (await stat(given)).isDirectory() ? join(given, IMAGE) : given
  const { nlink } = await stat(image)
  if (nlink > 1) throw refusal(image, `has ${nlink} hard links, and so may have another owner; copy it`)
  const directory = dirname(image)
  if (basename(image) !== IMAGE) return { image, directory: undefined, record: undefined }
  if (await isFile(join(directory, snapshotKind.recordName))) {
    throw refusal(
      image,
      'belongs to a snapshot; create a volume from it with volume export and volume import',
    )
  }
  const record = await readRecord(directory, image, node.files)
  if (record && isIdOfNode(record.id, nodeId) && isInPool(directory, node)) {
    throw refusal(image, `belongs to volume "${record.id}", which is already a volume of this node`)
  }
  return { image, directory: record ? directory : undefined, record }
}

/** The pool that a volume's directory lies in. */
export function poolDirectory(directory: string): string {
  return dirname(dirname(directory))
}

/** True for the directory of a volume in one of the pools of this node. */
export function isInPool(directory: string, { pools }: Pick<InspectedNode, 'pools'>): boolean {
  return pools.some(({ config }) => join(config.path, volumeKind.folder) === dirname(directory))
}

async function readRecord(directory: string, image: string, files: ImageFiles): Promise<Volume | undefined> {
  const { logical } = await files.size(image)
  try {
    return volumeKind.decode(
      await readFile(join(directory, volumeKind.recordName), 'utf8'),
      'default',
      logical,
    )
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false
    throw error
  }
}

function refusal(image: string, why: string): VolumeError {
  return new VolumeError('failed-precondition', `${image} ${why}`)
}
