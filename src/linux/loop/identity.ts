import type { BigIntStats } from 'node:fs'
import type { LoopInfo } from '../abi/loop.ts'

/**
 * How the kernel identifies a backing file. The path in sysfs does not: it may be that of another mount
 * namespace, or end with "(deleted)".
 */
export interface BackingIdentity {
  readonly device: bigint
  readonly inode: bigint
  /**
   * Not 0 when the backing file is itself a device. Then only this is compared, because each /dev has its own
   * nodes.
   */
  readonly rdev: bigint
}

/** The identity of a file, from its stat(2). */
export function identityOf(stat: BigIntStats): BackingIdentity {
  return { device: stat.dev, inode: stat.ino, rdev: stat.isBlockDevice() ? stat.rdev : 0n }
}

/** The identity of the file behind a device. */
export function backingOf(info: LoopInfo): BackingIdentity {
  return { device: info.backingDevice, inode: info.backingInode, rdev: info.backingRdev }
}

/** True when the device that gave this status has this file behind it. */
export function isBackedBy(info: LoopInfo, identity: BackingIdentity): boolean {
  if (identity.rdev !== 0n) return info.backingRdev === identity.rdev
  return info.backingDevice === identity.device && info.backingInode === identity.inode
}

/** The key of a device in a map. One block device can have several on top of it, told apart by name. */
export function identityKey(identity: BackingIdentity, name = ''): string {
  return identity.rdev === 0n ? `${identity.device}:${identity.inode}` : `rdev:${identity.rdev} ${name}`
}
