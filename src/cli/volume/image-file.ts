import { stat } from 'node:fs/promises'
import { Option } from 'commander'
import { VolumeError } from '../../volumes/model/errors.ts'
import { fsTypes, type FsType } from '../../volumes/model/ports/file-systems.ts'
import { sectorBytesOf } from '../../volumes/model/volume.ts'
import type { InspectedNode } from '../node/inspect.ts'
import type { OperatorMachine } from '../node/machine.ts'
import type { NewVolume } from './create.ts'

/** Note of the commands that hold the lock of a volume's image. */
export const IMAGE_IS_LOCKED =
  'Safe beside a running driver: the image is locked as an attached image is, so the driver neither stages nor deletes the volume meanwhile.'

/** The options that describe the content of an image. */
export interface ContentOptions {
  /** Undefined: the file system that is found in the image. */
  readonly fsType?: FsType
  /** A raw block volume, whatever is in the image. */
  readonly block?: boolean
}

export function contentOptions(): Option[] {
  return [
    new Option('--fs-type <type>', 'the file system in the image (default: the one that is found)').choices(
      fsTypes,
    ),
    new Option('--block', 'make it a raw block volume, whatever is in the image').conflicts('fsType'),
  ]
}

type Content = Pick<NewVolume, 'accessTypes' | 'fsType'>

/** In the record of a raw block volume, where it has no effect. */
const UNUSED_FS_TYPE: FsType = 'ext4'

/** @throws VolumeError failed-precondition when the content of the image does not match the options */
export async function contentOf(
  image: string,
  options: ContentOptions,
  { fileSystems }: OperatorMachine,
  signal: AbortSignal,
): Promise<Content> {
  if (options.block) return contentFrom(options)
  const { partitionTable, type } = await fileSystems.probe(image, signal)
  const found = partitionTable === undefined ? type : `a ${partitionTable} partition table`
  const fsType = fsTypes.find((known) => known === found)
  const refuse = (why: string): never => {
    throw new VolumeError('failed-precondition', `${image} contains ${found ?? 'nothing'}, ${why}`)
  }
  if (fsType === undefined) {
    const known = fsTypes.join(', ')
    return refuse(
      `which is not a file system of volumes (${known}); with --block it becomes a raw block volume`,
    )
  }
  if (options.fsType !== undefined && options.fsType !== fsType) refuse(`not ${options.fsType}`)
  const accessTypes = ['mount'] as const
  const [sector, block] = [sectorBytesOf({ accessTypes }), await fileSystems.blockBytes(image, signal)]
  if (block !== undefined && block < sector) {
    refuse(
      `whose blocks of ${block} bytes are smaller than the sectors of a volume, ${sector}: it cannot be mounted. Copy its files to a new volume`,
    )
  }
  return { accessTypes, fsType }
}

/** The content of an image that does not exist yet. @throws Error when the options do not give it */
export function contentFrom({ block, fsType }: ContentOptions): Content {
  if (block) return { accessTypes: ['block'], fsType: UNUSED_FS_TYPE }
  if (fsType !== undefined) return { accessTypes: ['mount'], fsType }
  throw new Error('standard input needs --fs-type <type>, or --block')
}

/**
 * Locks a file that is not yet an image of this node, as a loop device does.
 * @throws VolumeError failed-precondition when it is in use, or no regular file
 */
export async function lockFile(
  path: string,
  { devices, files }: Pick<InspectedNode, 'devices' | 'files'>,
): Promise<AsyncDisposable> {
  if (!(await stat(path)).isFile()) throw new VolumeError('failed-precondition', `${path} is not a file`)
  // losetup(8) takes no lock.
  const [device] = await devices.of(path)
  const lock = device ? undefined : await files.lock(path)
  if (lock) return lock
  const how = device ? `attached to ${device.device.path}` : 'locked by another process'
  throw new VolumeError('failed-precondition', `${path} is in use (${how}); stop that use first`)
}
