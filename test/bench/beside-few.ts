import { DriverProcess } from '../harness/driver-process.ts'
import type { Progress } from '../harness/progress.ts'
import { timed } from '../harness/statistics.ts'
import { Crowd } from './crowd.ts'
import { CsiContender } from './csi-contender.ts'
import { lifeCycle, rotated } from './life-cycle.ts'
import { Samples, type Table } from './samples.ts'

export const FEW = 10

/** A driver that has many staged volumes already. */
export interface CrowdedDriver {
  readonly driver: DriverProcess
  readonly volumes: number
  /** The driver's main file. */
  readonly main: string
  /** Beside it the other driver gets one. */
  readonly directory: string
}

/** The same calls, in turns, on a driver with many staged volumes and on one with few. */
export async function besideFew(
  crowded: CrowdedDriver,
  rounds: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<Table> {
  const directory = `${crowded.directory}-few`
  await using few = await DriverProcess.start(crowded.main, directory)
  const crowd = new Crowd(directory, FEW, progress, signal)
  await crowd.stage(few.client)
  const paths = `${directory}-paths`
  const table = await compareCalls({ ...crowded, few, paths }, rounds, progress, signal)
  await crowd.remove(few.client)
  return table
}

/** Two drivers, with many and with few staged volumes. */
interface ManyAndFew {
  readonly driver: DriverProcess
  /** How many it has. */
  readonly volumes: number
  readonly few: DriverProcess
  /** A directory for staging and target paths. */
  readonly paths: string
}

/** Makes the same calls, in turns, on both. */
export async function compareCalls(
  { driver: many, volumes, few, paths }: ManyAndFew,
  rounds: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<Table> {
  const drivers = [
    { name: `${volumes} volumes`, driver: many, paths: `${paths}/many` },
    { name: `${FEW} volumes`, driver: few, paths: `${paths}/few` },
  ]
  const contenders = drivers.map(({ name, driver, paths }) => new CsiContender(name, driver.client, paths))
  const lives = await lifeCycle(contenders, rounds, progress, signal)
  const lists = new Samples()
  for (let round = 0; round < rounds; round++) {
    for (const { name, driver } of rotated(drivers, round)) {
      const { controller } = driver.client
      lists.add(
        'ListVolumes, 10 of them',
        name,
        await timed(() => controller.listVolumes({ maxEntries: FEW })),
      )
      lists.add('ListVolumes, all', name, await timed(() => controller.listVolumes({})))
      lists.add('ListVolumeHealth, all', name, await timed(() => controller.controllerListVolumeHealth({})))
    }
  }
  return { ...lives, title: 'Beside staged volumes', rows: [...lives.rows, ...lists.rows()] }
}
