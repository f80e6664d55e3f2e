import { open } from 'node:fs/promises'

export const SECTOR_BYTES = 512
const ENTRIES_AT = 446
const ENTRY_BYTES = 16
const SIGNATURE_AT = 510

/** Of a partition, in sectors. */
export interface Partition {
  readonly start: number
  readonly sectors: number
}

/** Writes a DOS partition table ("master boot record") with up to four partitions. */
export async function writePartitionTable(path: string, partitions: readonly Partition[]): Promise<void> {
  const table = Buffer.alloc(SECTOR_BYTES)
  for (const [index, { start, sectors }] of partitions.entries()) {
    const entry = ENTRIES_AT + index * ENTRY_BYTES
    // The type of Linux file systems. Cylinders, heads and sectors stay zero: Linux reads the numbers only.
    table.writeUInt8(0x83, entry + 4)
    table.writeUInt32LE(start, entry + 8)
    table.writeUInt32LE(sectors, entry + 12)
  }
  table.writeUInt16LE(0xaa55, SIGNATURE_AT)
  await using file = await open(path, 'r+')
  await file.write(table, 0, table.length, 0)
  await file.sync()
}
