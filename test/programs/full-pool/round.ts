import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TestDisk } from '../../support/disk.ts'
import { GiB } from '../../support/volume.ts'
import { World, type WorldOptions } from '../support/world.ts'
import { DatabasesOnDisk } from './databases.ts'
import type { FullPoolFindings } from './findings.ts'
import type { Round } from './plan.ts'

const DISK_BYTES = 2 * GiB

/** Of such a disk, a 20th (docs/decisions/0034-full-pool.md). */
const MARGIN_BYTES = DISK_BYTES / 20

const POOL = 'extra'

/**
 * Lets databases write to volumes on a disk that becomes full, then has room again.
 * @throws Error when a database is corrupt, or has lost what it has acknowledged
 */
export async function runRound(
  options: WorldOptions,
  round: Round,
  findings: FullPoolFindings,
): Promise<void> {
  await using world = await World.open(options)
  const disk = await makeDisk(world, round)
  await world.start({ [POOL]: { path: disk.pool, whenFull: round.whenFull } })
  {
    await using databases = await DatabasesOnDisk.open(world, disk.path, POOL, round)
    await databases.fill(round.leaves * MARGIN_BYTES)
    await databases.disrupt()
    await databases.makeRoom()
    const errors: string[] = []
    const outcomes = await databases.goOn((error) => errors.push(error))
    if (errors.length > 0) console.log(`${JSON.stringify(round)}: ${outcomes.join(', ')}: ${errors[0]}`)
    for (const error of errors) findings.told(round, error)
    findings.survived(round, outcomes, await databases.check())
  }
  await world.close()
}

/** It goes when the driver has ended. */
async function makeDisk(world: World, { below }: Round): Promise<TestDisk> {
  const directory = async (name: string): Promise<string> => {
    const path = join(world.path, name)
    await mkdir(path)
    return path
  }
  const disk = await TestDisk.ofType({ directory }, { type: below, bytes: DISK_BYTES })
  world.defer(() => disk.unmount())
  return disk
}
