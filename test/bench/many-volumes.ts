import { DriverProcess } from '../harness/driver-process.ts'
import type { Progress } from '../harness/progress.ts'
import { percentile } from '../harness/statistics.ts'
import { besideFew } from './beside-few.ts'
import { Crowd } from './crowd.ts'
import type { Table } from './samples.ts'

const STARTS = 5

export interface ManyVolumes {
  readonly volumes: number
  readonly startEmptyMs: number
  readonly startMs: number
  readonly residentIdleBytes: number
  readonly residentStagedBytes: number
  /** Of a driver that was started when the volumes were staged already. */
  readonly residentRestartedBytes: number
}

/**
 * A driver of its own, empty and with many staged volumes: how long it takes to start, how much memory it
 * has, and how it works beside them.
 */
export async function manyVolumes(
  main: string,
  directory: string,
  { volumes, rounds }: { readonly volumes: number; readonly rounds: number },
  progress: Progress,
  signal: AbortSignal,
): Promise<{ readonly many: ManyVolumes; readonly calls: Table }> {
  const crowd = new Crowd(directory, volumes, progress, signal)
  const empty = await startAgainAndAgain(main, directory)
  const full = await withDriver(main, directory, async (driver) => {
    await crowd.stage(driver.client)
    const residentStagedBytes = await driver.residentBytes()
    const calls = await besideFew({ driver, volumes, main, directory }, rounds, progress, signal)
    return { residentStagedBytes, calls }
  })
  const restarted = await startAgainAndAgain(main, directory)
  await withDriver(main, directory, (driver) => crowd.remove(driver.client))
  const many = {
    volumes,
    residentStagedBytes: full.residentStagedBytes,
    startEmptyMs: empty.startMs,
    startMs: restarted.startMs,
    residentIdleBytes: empty.residentBytes,
    residentRestartedBytes: restarted.residentBytes,
  }
  return { many, calls: full.calls }
}

async function withDriver<T>(
  main: string,
  directory: string,
  action: (driver: DriverProcess) => Promise<T>,
): Promise<T> {
  await using driver = await DriverProcess.start(main, directory)
  return await action(driver)
}

/** The medians of a few starts. */
async function startAgainAndAgain(
  main: string,
  directory: string,
): Promise<{ readonly startMs: number; readonly residentBytes: number }> {
  const starts: number[] = []
  const sizes: number[] = []
  for (let start = 0; start < STARTS; start++) {
    await withDriver(main, directory, async (driver) => {
      starts.push(driver.startedInMs)
      sizes.push(await driver.residentBytes())
    })
  }
  return { startMs: percentile(starts, 50), residentBytes: percentile(sizes, 50) }
}
