import { open } from 'node:fs/promises'
import { VolumeError } from '../../volumes/model/errors.ts'
import type { FileSystemIdentity, FileSystems, FsType, Signature } from '../../volumes/model/ports.ts'
import { probe } from './blkid.ts'
import { btrfs } from './btrfs.ts'
import { ext4 } from './ext4.ts'
import { identify } from './magic.ts'
import { hasRoomToGrow } from './size.ts'
import type { FileSystemType, Verdict } from './type.ts'
import { xfs } from './xfs.ts'

const types: Readonly<Record<FsType, FileSystemType>> = { ext4, xfs, btrfs }

/** The FileSystems port on the tools of each file system. */
export class LinuxFileSystems implements FileSystems {
  readonly #unavailable: ReadonlyMap<FsType, string>

  /** @param unavailable what cannot be had on this machine, and why */
  constructor(unavailable: ReadonlyMap<FsType, string> = new Map()) {
    this.#unavailable = unavailable
  }

  minimumBytes(type: FsType): bigint {
    const reason = this.#unavailable.get(type)
    if (reason !== undefined)
      throw new VolumeError('failed-precondition', `fs_type ${type} cannot be had on this node: ${reason}`)
    return types[type].minimumBytes
  }

  mountOptions(type: FsType): readonly string[] {
    return types[type].mountOptions
  }

  uuidOptions(type: FsType, uuid: string): readonly string[] | undefined {
    return types[type].uuidOptions?.(uuid)
  }

  probe(device: string, signal: AbortSignal): Promise<Signature> {
    return probe(device, signal)
  }

  async identify(device: string): Promise<FileSystemIdentity | undefined> {
    await using handle = await open(device, 'r')
    return await identify(handle)
  }

  format(type: FsType, device: string, options: readonly string[], signal: AbortSignal): Promise<void> {
    return types[type].format(device, options, signal)
  }

  check(type: FsType, device: string, signal: AbortSignal): Promise<void> {
    return types[type].check(device, signal)
  }

  /** Looks for damage, and repairs nothing; for people, because the driver asks `check`. */
  verify(type: FsType, device: string, signal: AbortSignal): Promise<Verdict> {
    return types[type].verify(device, signal)
  }

  async growUnmounted(type: FsType, device: string, signal: AbortSignal): Promise<void> {
    await types[type].growUnmounted?.(device, signal)
  }

  hasRoomToGrow(type: FsType, device: string): Promise<boolean> {
    return hasRoomToGrow(device, (handle) => types[type].sizeOf(handle))
  }

  grow(type: FsType, device: string, mountPoint: string, signal: AbortSignal): Promise<void> {
    return types[type].grow(device, mountPoint, signal)
  }

  async renew(type: FsType, image: string, signal: AbortSignal): Promise<string | undefined> {
    return await types[type].renew?.(image, signal)
  }
}
