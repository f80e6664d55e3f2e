import { DriverProcess } from '../harness/driver-process.ts'
import type { Progress } from '../harness/progress.ts'
import { timed } from '../harness/statistics.ts'
import { Crowd } from './crowd.ts'
import { CsiContender } from './csi-contender.ts'
import { lifeCycle, rotated } from './life-cycle.ts'
import { Samples, type Table } from './samples.ts'

const FEW = 10

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
  const drivers = [
    { name: `${crowded.volumes} volumes`, driver: crowded.driver, paths: `${directory}-paths/many` },
    { name: `${FEW} volumes`, driver: few, paths: `${directory}-paths/few` },
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
  await crowd.remove(few.client)
  return { ...lives, title: 'Beside staged volumes', rows: [...lives.rows, ...lists.rows()] }
}
