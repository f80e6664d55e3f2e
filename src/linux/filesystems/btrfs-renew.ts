import { randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { VolumeError } from '../../volumes/model/errors.ts'
import { run } from '../process/exec.ts'
import { openImage } from '../files/open-image.ts'
import { identify } from './magic.ts'
import {
  hasKnownChecksum,
  hasLog,
  isIntact,
  isSuperblock,
  SUPERBLOCK_BYTES,
  superblockOffsets,
  withFsid,
} from './btrfs-superblock.ts'

/**
 * Gives the copy of a btrfs a new fsid, without which the kernel takes it for another device of its source
 * (before Linux 6.7 it refuses to mount it, or mounts the source in its place).
 *
 * `btrfstune -m` does the same, but commits a transaction, after which the kernel does not find the log tree
 * any more: the copy of a file system that was not unmounted cleanly could never be mounted again (tried with
 * btrfs-progs 6.2). So the superblocks are changed directly, and the tool is used for the checksums that are
 * not known here.
 * @returns the new fsid; undefined where there is no btrfs
 * @throws VolumeError failed-precondition for a damaged superblock: once repaired, the copy would be taken
 * for its source
 */
export async function renewBtrfs(image: string, signal: AbortSignal): Promise<string | undefined> {
  await using file = await openImage(image, 'r+')
  const blocks = await readSuperblocks(file)
  const first = blocks.get(superblockOffsets[0] ?? 0n)
  // The copy of a volume that was never formatted, and will be when it is first staged.
  if (!first && blocks.size === 0) return undefined
  if (!first) throw damaged(image)
  if (!hasKnownChecksum(first)) {
    if (hasLog(first)) throw cannotKeepLog(image)
    await run('btrfstune', ['-f', '-m', image], { signal })
    return (await identify(file))?.uuid
  }
  if (!isIntact(first)) throw damaged(image)
  signal.throwIfAborted()
  const uuid = randomUUID()
  const fsid = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  for (const [offset, block] of blocks) {
    await file.write(withFsid(block, fsid), 0, SUPERBLOCK_BYTES, Number(offset))
  }
  return uuid
}

/** The superblock and those of its mirrors that are there; a mirror that was never written is a hole. */
async function readSuperblocks(file: FileHandle): Promise<Map<bigint, Buffer>> {
  const blocks = new Map<bigint, Buffer>()
  for (const offset of superblockOffsets) {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(SUPERBLOCK_BYTES),
      0,
      SUPERBLOCK_BYTES,
      Number(offset),
    )
    if (bytesRead === SUPERBLOCK_BYTES && isSuperblock(buffer)) blocks.set(offset, buffer)
  }
  return blocks
}

function damaged(image: string): VolumeError {
  return new VolumeError('failed-precondition', `the superblock of the btrfs in ${image} is damaged`)
}

function cannotKeepLog(image: string): VolumeError {
  return new VolumeError(
    'failed-precondition',
    `the btrfs in ${image} was not unmounted cleanly, and its checksums are not the default ones: ` +
      'mount and unmount its source once, then copy it again',
  )
}
