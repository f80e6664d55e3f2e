import type { BigIntStats } from 'node:fs'
import type { LoopInfo } from '../abi/loop.ts'

/**
 * What the kernel knows a backing file by. Never its path: sysfs shows the path of another mount namespace,
 * or "(deleted)".
 */
export interface BackingIdentity {
  readonly device: bigint
  readonly inode: bigint
  /**
   * Not 0 when the backing file is a device itself; then this alone counts, as every /dev has nodes of its
   * own.
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

/** One string to look a device up by. On a block device there can be several, each with a name of its own. */
export function identityKey(identity: BackingIdentity, name = ''): string {
  return identity.rdev === 0n ? `${identity.device}:${identity.inode}` : `rdev:${identity.rdev} ${name}`
}
