import { join } from 'node:path'
import type { Progress } from '../../harness/progress.ts'
import { percentile, timed } from '../../harness/statistics.ts'
import { Samples, type Table } from '../samples.ts'
import type { CopyPool } from './copy-pool.ts'
import { changedBytes, slowestWriteMs, lastFreeze, longestMs } from './freeze.ts'
import { writeData } from './write-data.ts'
import { Writing, type Pace } from './writing.ts'

const MIB = 1 << 20
const VOLUME_BYTES = 2n << 30n
const DATA_MIB = 1024

/** What is to change until the file system is frozen. */
const CHANGING_BYTES = 100 * MIB

/** The second one's data is in memory only, until the file system is flushed. */
const writers = [
  { name: 'flushes all the time', flushes: true },
  { name: 'never flushes', flushes: false },
]

/** The first one finds out how fast a writer must be. */
const WARM_UP_ROUNDS = 1

export interface FreezeTest {
  readonly pool: CopyPool
  readonly directory: string
  /** The driver's. */
  readonly log: string
  readonly rounds: number
}

/**
 * How long a writer waits during a snapshot of a mounted volume: as the driver says, and as the writer finds.
 */
export async function freezes(test: FreezeTest, progress: Progress, signal: AbortSignal): Promise<Table> {
  const { pool, directory, log, rounds } = test
  const volumeId = await pool.createVolume('written', VOLUME_BYTES)
  const staging = join(directory, 'written')
  await using _mount = await pool.mount(volumeId, staging)
  const file = join(staging, 'data')
  await writeData(file, DATA_MIB)

  async function snapshotWhile(name: string, pace: Pace) {
    await using writing = await Writing.start(file, pace)
    const begunAt = Date.now()
    let snapshotId = ''
    const wholeMs = await timed(async () => (snapshotId = await pool.createSnapshot(name, volumeId)))
    const writes = (await writing.stop()).filter(({ endedAt }) => endedAt >= begunAt)
    await pool.deleteSnapshot(snapshotId)
    const freeze = await lastFreeze(log)
    return { wholeMs, writes, freeze, changed: changedBytes(writes, freeze) }
  }

  const samples = new Samples()
  const changed = new Map(writers.map(({ name }) => [name, [] as number[]]))
  const rates = new Map<string, number>()
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    for (const { name, flushes } of writers) {
      signal.throwIfAborted()
      const bytesPerSecond = rates.get(name) ?? CHANGING_BYTES
      const pace = { bytesPerSecond, flushes }
      const { wholeMs, writes, freeze, changed: bytes } = await snapshotWhile(`${name} ${round}`, pace)
      rates.set(name, corrected(bytesPerSecond, bytes))
      if (round < WARM_UP_ROUNDS) continue
      samples.add(name, 'frozen', freeze.frozenMs)
      samples.add(name, 'write then', slowestWriteMs(writes, freeze))
      samples.add(name, 'longest write', longestMs(writes))
      samples.add(name, 'whole call', wholeMs)
      changed.get(name)?.push(bytes / MIB)
    }
    progress('snapshots while written', round + 1, WARM_UP_ROUNDS + rounds)
  }
  return {
    title: `Snapshot of ${DATA_MIB} MiB, whose writer …`,
    unit: 'ms',
    columns: ['frozen', 'write then', 'longest write', 'whole call'],
    rows: samples.rows().map(({ label, cells }) => {
      const mebibytes = Math.round(percentile(changed.get(label) ?? [], 50))
      return { label: `${label}: ${mebibytes} MiB`, cells }
    }),
  }
}

/**
 * The rate with which it would have been right, but no leap: the next time the copy may take half as long.
 */
function corrected(bytesPerSecond: number, changed: number): number {
  return bytesPerSecond * Math.min(2, Math.max(0.5, CHANGING_BYTES / changed))
}
