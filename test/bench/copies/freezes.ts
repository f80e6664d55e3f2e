import { join } from 'node:path'
import type { Progress } from '../progress.ts'
import { Samples, type Table } from '../samples.ts'
import { percentile, timed } from '../statistics.ts'
import type { CopyPool } from './copy-pool.ts'
import { changedBytes, heldUpMs, lastCut, longestMs } from './cut.ts'
import { writeData } from './write-data.ts'
import { Writing } from './writing.ts'

const MIB = 1 << 20
const VOLUME_BYTES = 2n << 30n
const DATA_MIB = 1024

/** What is to change until the file system is frozen. */
const CHANGING_BYTES = 100 * MIB

/** What the second one has written is in memory only, until somebody flushes the file system. */
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

/** How long a writer is held up by a snapshot of a mounted volume: as the driver says, and as the writer finds. */
export async function freezes(test: FreezeTest, progress: Progress, signal: AbortSignal): Promise<Table> {
  const { pool, directory, log, rounds } = test
  const volumeId = await pool.createVolume('written', VOLUME_BYTES)
  const staging = join(directory, 'written')
  await using _mount = await pool.mount(volumeId, staging)
  const file = join(staging, 'data')
  await writeData(file, DATA_MIB)

  /** @param paceMs the time in which the writer changes as much as it should */
  async function snapshotWhile(name: string, flushes: boolean, paceMs: number) {
    const bytesPerSecond = CHANGING_BYTES / (paceMs / 1000)
    await using writing = await Writing.start(file, { bytesPerSecond, flushes })
    const begunAt = Date.now()
    let snapshotId = ''
    const wholeMs = await timed(async () => (snapshotId = await pool.createSnapshot(name, volumeId)))
    const writes = (await writing.stop()).filter(({ endedAt }) => endedAt >= begunAt)
    await pool.deleteSnapshot(snapshotId)
    return { wholeMs, writes, begunAt, cut: await lastCut(log) }
  }

  const samples = new Samples()
  const changed = new Map(writers.map(({ name }) => [name, [] as number[]]))
  const paces = new Map<string, number>()
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    for (const { name, flushes } of writers) {
      signal.throwIfAborted()
      const pace = paces.get(name) ?? 1000
      const { wholeMs, writes, begunAt, cut } = await snapshotWhile(`${name} ${round}`, flushes, pace)
      paces.set(name, cut.frozenAt - begunAt)
      if (round < WARM_UP_ROUNDS) continue
      samples.add(name, 'frozen', cut.frozenMs)
      samples.add(name, 'write then', heldUpMs(writes, cut))
      samples.add(name, 'longest write', longestMs(writes))
      samples.add(name, 'whole call', wholeMs)
      changed.get(name)?.push(changedBytes(writes, cut) / MIB)
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
