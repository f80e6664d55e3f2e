import { LinuxFileSystems } from '../../linux/filesystems/index.ts'
import { VolumeError } from '../../volumes/model/errors.ts'
import { fsTypes, type FsType } from '../../volumes/model/ports.ts'
import { sectorBytesOf } from '../../volumes/model/volume.ts'
import type { NewVolume } from './create.ts'

export interface ContentWishes {
  /** Undefined: whatever is in the image. */
  readonly fsType?: FsType
  /** A raw block volume, whatever is in the image. */
  readonly block?: boolean
}

type Content = Pick<NewVolume, 'accessTypes' | 'fsType'>

/** What a raw block volume has in its record: it would be formatted so, if it ever were. */
const UNUSED_FS_TYPE: FsType = 'ext4'

/** What an image is good for. @throws VolumeError failed-precondition when that is not what is wanted */
export async function contentOf(image: string, wishes: ContentWishes, signal: AbortSignal): Promise<Content> {
  if (wishes.block) return wantedContent(wishes)
  const { partitionTable, type } = await new LinuxFileSystems().probe(image, signal)
  const found = partitionTable === undefined ? type : `a ${partitionTable} partition table`
  const fsType = fsTypes.find((known) => known === found)
  const refuse = (why: string): never => {
    throw new VolumeError('failed-precondition', `${image} has ${found ?? 'nothing'} in it, ${why}`)
  }
  if (fsType === undefined) {
    const known = fsTypes.join(', ')
    return refuse(
      `no file system that a volume can have (${known}); with --block it becomes a raw block volume`,
    )
  }
  if (wishes.fsType !== undefined && wishes.fsType !== fsType) refuse(`not ${wishes.fsType}`)
  const accessTypes = ['mount'] as const
  const [sector, block] = [
    sectorBytesOf({ accessTypes }),
    await new LinuxFileSystems().blockBytes(image, signal),
  ]
  if (block !== undefined && block < sector) {
    refuse(
      `whose blocks of ${block} bytes are smaller than the sectors of a volume, ${sector}: it cannot be mounted. Copy its files to a new volume`,
    )
  }
  return { accessTypes, fsType }
}

/** Of an image that has yet to come. @throws Error when it is not said */
export function wantedContent({ block, fsType }: ContentWishes): Content {
  if (block) return { accessTypes: ['block'], fsType: UNUSED_FS_TYPE }
  if (fsType !== undefined) return { accessTypes: ['mount'], fsType }
  throw new Error('say what comes by standard input: --fs-type <type>, or --block')
}
