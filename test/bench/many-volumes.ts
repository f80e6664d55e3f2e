import { DriverProcess } from '../harness/driver-process.ts'
import { inParallel } from '../harness/in-parallel.ts'
import type { Progress } from '../harness/progress.ts'
import { percentile } from '../harness/statistics.ts'
import { CsiContender, type CsiLife } from './csi-contender.ts'

const VOLUME_BYTES = 64n << 20n
const AT_ONCE = 16
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

/** A driver of its own, empty and with many staged volumes: how long it takes to start, and how much memory it has. */
export async function manyVolumes(
  main: string,
  directory: string,
  volumes: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<ManyVolumes> {
  const names = Array.from({ length: volumes }, (_, index) => `many-${index}`)

  async function withEach(driver: DriverProcess, part: string, action: (life: CsiLife) => Promise<void>) {
    const contender = new CsiContender('driver', driver.client, directory)
    let done = 0
    await inParallel(names, AT_ONCE, async (name) => {
      signal.throwIfAborted()
      const life = await contender.begin(name, VOLUME_BYTES)
      // The second driver, too, learns from this call which volume has the name.
      await life.create()
      await action(life)
      progress(part, ++done, volumes)
    })
  }

  const empty = await startAgainAndAgain(main, directory)
  const full = await withDriver(main, directory, async (driver) => {
    await withEach(driver, 'volumes staged', (life) => life.stage())
    return driver.residentBytes()
  })
  const restarted = await startAgainAndAgain(main, directory)
  await withDriver(main, directory, (driver) =>
    withEach(driver, 'volumes deleted', async (life) => {
      await life.unstage()
      await life.delete()
    }),
  )
  return {
    volumes,
    startEmptyMs: empty.startMs,
    startMs: restarted.startMs,
    residentIdleBytes: empty.residentBytes,
    residentStagedBytes: full,
    residentRestartedBytes: restarted.residentBytes,
  }
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
