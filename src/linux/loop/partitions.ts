import { readdirSync } from 'node:fs'
import { hasErrno } from '../../volumes/model/errors.ts'
import { BLKPG, BLKPG_DEL_PARTITION, encodeBlkpgArgument, encodeBlkpgPartition } from '../abi/loop.ts'
import { addressOf } from '../libc.ts'
import { ioctlStruct } from '../system-calls.ts'

/**
 * Removes the partitions of a device that was attached just now. They are those of an earlier file with this
 * number: some kernels (Linux 6.18.44) keep partitions that a program has added (BLKPG) after the detach.
 * @param fd the device, open for writing
 * @throws EBUSY when a partition is open
 */
export async function removePartitions(number: number, fd: number): Promise<void> {
  for (const partition of partitionsOf(number)) {
    const struct = encodeBlkpgPartition(partition)
    const argument = encodeBlkpgArgument(BLKPG_DEL_PARTITION, addressOf(struct))
    try {
      await ioctlStruct(fd, BLKPG, argument, `BLKPG: remove partition ${partition} of /dev/loop${number}`)
    } catch (error) {
      // Another process was faster.
      if (!hasErrno(error, 'ENXIO')) throw error
    } finally {
      // Keeps it alive until here: the kernel has its address.
      struct.fill(0)
    }
  }
}

/** By a blocking call, as `readAttribute` does. */
function partitionsOf(number: number): number[] {
  const pattern = new RegExp(`^loop${number}p(\\d+)$`)
  const names = readdirSync(`/sys/block/loop${number}`)
  return names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number)
}
