import type { Extent } from '../../volumes/model/ports.ts'

/** The unit of the kernel's block layer, whatever the device's own. */
const SECTOR_BYTES = 512n

/**
 * A request that is done, as the tracing of the kernel writes it; its operation and flags (rwbs), then the
 * device's driver data in brackets, then sector and count: `kworker/1:2-22  [001] ..s..  2852.696:
 * block_rq_complete: 7,401 WS () 67848 + 8 be,0,4 [0]`.
 */
const COMPLETED = /: block_rq_complete: \d+,\d+ [A-Z]+ \(.*\) (\d+) \+ (\d+) /

/** @returns undefined for a line that is something else, such as `CPU:1 [LOST 20 EVENTS]` */
export function parseCompleted(line: string): Extent | undefined {
  const [, sector, count] = COMPLETED.exec(line) ?? []
  if (sector === undefined || count === undefined) return undefined
  return { offset: BigInt(sector) * SECTOR_BYTES, length: BigInt(count) * SECTOR_BYTES }
}

/**
 * The filter for what may change the content of one device: everything but reads, whose rwbs begins with R. A
 * flush has no sectors.
 */
export function changesOf(major: number, minor: number): string {
  // The kernel's own dev_t, which is not the one that stat(2) reports.
  const device = (major << 20) | minor
  return `dev == ${device} && nr_sector > 0 && !(rwbs ~ "R*")`
}
