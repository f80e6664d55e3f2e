import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DriverProcess } from '../../harness/driver-process.ts'
import type { Progress } from '../../harness/progress.ts'
import type { Workspace } from '../../harness/workspace.ts'
import type { Attacher } from '../attachers.ts'
import { Samples, type Table } from '../samples.ts'
import { CopyPool } from './copy-pool.ts'
import { copiedRows, sharedRows, type Source } from './copy-rows.ts'
import { measureCopies } from './copyist.ts'
import { freezes } from './freezes.ts'
import { mountReflinkDisk } from './reflink-disk.ts'
import { writeData, writeFragments } from './write-data.ts'

const VOLUME_BYTES = 10n << 30n
const DATA_MIB = 100
const FRAGMENTS = 16 << 10

/** Copies that move data take long and vary less. */
const COPY_ROUNDS = 7
const FREEZE_ROUNDS = 3

export interface Copies {
  readonly copies: Table
  readonly freezes: Table
  /** By how much the allocated size of a snapshot differs from that of its volume. */
  readonly sizeDifferencePercent: number
}

export interface CopyTest {
  /** The driver's main file. */
  readonly main: string
  readonly workspace: Workspace
  /** For the disk of the pool that shares blocks. */
  readonly attacher: Attacher
  readonly rounds: number
}

/** Snapshots, and volumes made of other volumes, beside cp(1) and the bare system calls. */
export async function copies(test: CopyTest, progress: Progress, signal: AbortSignal): Promise<Copies> {
  const { main, workspace, attacher, rounds } = test
  await using disk = await mountReflinkDisk(await workspace.directory('reflink'), attacher)
  const sharing = join(disk.path, 'pool')
  const data = await workspace.directory('copies')
  await using driver = await DriverProcess.start(main, data, { sharing: { path: sharing } })
  const copying = join(data, 'pools', 'default')
  const pools = {
    copying: await prepare(new CopyPool(driver.client, 'default', copying), join(data, 'source')),
    sharing: await prepare(new CopyPool(driver.client, 'sharing', sharing), join(data, 'sharing-source')),
  }
  const samples = new Samples()
  const slow = Math.min(rounds, COPY_ROUNDS)
  const directory = await workspace.directory('copied')
  const fragmented = join(directory, 'fragmented')
  await writeFragments(fragmented, FRAGMENTS)
  const copied = copiedRows(pools.copying, fragmented, directory)
  await measureCopies('copies', copied, slow, samples, progress, signal)
  await measureCopies('clones', sharedRows(pools.sharing, disk.path), rounds, samples, progress, signal)
  const freezeTest = {
    pool: pools.copying.pool,
    directory: data,
    log: driver.log,
    rounds: Math.min(rounds, FREEZE_ROUNDS),
  }
  return {
    copies: {
      title: `Copies of ${VOLUME_BYTES >> 30n} GiB with ${DATA_MIB} MiB of data`,
      unit: 'ms',
      columns: ['driver', 'shell', 'floor'],
      rows: samples.rows(),
    },
    freezes: await freezes(freezeTest, progress, signal),
    sizeDifferencePercent: await sizeDifference(pools.copying),
  }
}

/** An unstaged volume with data, and a snapshot of it. */
async function prepare(pool: CopyPool, staging: string): Promise<Source> {
  const volumeId = await pool.createVolume('source', VOLUME_BYTES)
  {
    await using _mount = await pool.mount(volumeId, staging)
    await writeData(join(staging, 'data'), DATA_MIB)
  }
  const snapshotId = await pool.createSnapshot('source', volumeId)
  return { pool, volumeId, snapshotId, sizeBytes: VOLUME_BYTES }
}

async function sizeDifference({ pool, volumeId, snapshotId }: Source): Promise<number> {
  const [source, copy] = await Promise.all([
    stat(pool.image('volumes', volumeId)),
    stat(pool.image('snapshots', snapshotId)),
  ])
  return (100 * Math.abs(copy.blocks - source.blocks)) / source.blocks
}
