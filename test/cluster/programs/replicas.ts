/** The pods of the StatefulSet, by their ordinals. Each has another file system. */
export const replicas = [
  { fsType: 'ext4', storageClass: 'loop', journalMode: 'wal' },
  { fsType: 'xfs', storageClass: 'loop-xfs', journalMode: 'delete' },
  { fsType: 'btrfs', storageClass: 'loop-btrfs', journalMode: 'truncate' },
] as const

/** The claims of a replica: PostgreSQL's data, its WAL, and SQLite's database. */
export const volumes = ['data', 'wal', 'lite'] as const
export type Volume = (typeof volumes)[number]

export const STATEFUL_SET = 'program'

export function podOf(replica: number): string {
  return `${STATEFUL_SET}-${replica}`
}

/** As a StatefulSet names them. */
export function claimOf(volume: Volume, replica: number): string {
  return `${volume}-${podOf(replica)}`
}

export function replicaAt(replica: number): (typeof replicas)[number] {
  const found = replicas[replica]
  if (!found) throw new RangeError(`there is no replica ${replica}`)
  return found
}
