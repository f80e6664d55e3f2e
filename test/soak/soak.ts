import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { DriverProcess } from '../harness/driver-process.ts'
import { inParallel } from '../harness/in-parallel.ts'
import type { Progress } from '../harness/progress.ts'
import { percentile } from '../harness/statistics.ts'
import { Workspace } from '../harness/workspace.ts'
import { leftovers, type Leftovers } from '../support/leftovers.ts'
import { DIFFERENT_LIVES, liveOne } from './lives.ts'
import { RestartingDriver } from './restarting-driver.ts'
import { holdings, settled, type Holdings, type Sample } from './sample.ts'
import { SoakHost } from './soak-host.ts'

export interface SoakOptions {
  /** How many lives there are at most. */
  readonly lives: number
  /** After this time no more are begun, in milliseconds; Infinity: all are lived. */
  readonly timeMs: number
  readonly parallel: number
  /** Where the workspace is made. */
  readonly directory: string
  /** The driver's main file. */
  readonly driver: string
  /** In one of so many lives the driver is killed; Infinity: never. */
  readonly killEvery: number
}

/** What a soak found. */
export interface Findings {
  /**
   * Before the first life; open files after one life of each kind, because some are opened once, by the first
   * freeze.
   */
  readonly idle: Holdings
  readonly samples: readonly Sample[]
  /** After the driver was stopped. */
  readonly left: Leftovers
}

/** So many points are enough to see how something grows. */
const SAMPLES = 100

/**
 * All lives have to end before a sample can be taken. The more there are between two, the less is waited for
 * the last.
 */
const MIN_ROUNDS_PER_SAMPLE = 4

/** Most lives last longer. */
const KILLED_WITHIN_MS = 500

/** Lives one life after another, several at a time, and looks now and then at what the driver holds. */
export async function soak(
  options: SoakOptions,
  progress: Progress,
  onSample: (sample: Sample) => Promise<void>,
  signal: AbortSignal,
): Promise<Findings> {
  await using workspace = await Workspace.open(options.directory, 'soak')
  const path = await workspace.directory('node')
  const dataDir = join(path, 'data')
  const start = () => DriverProcess.start(options.driver, dataDir, { instant: { image: { size: '64Gi' } } })
  const found = await withDriver(start, async (driver) => {
    const host = new SoakHost(path, dataDir, driver.client)
    const look = async (): Promise<Holdings> => holdings(await driver.process(), path, dataDir)
    const unused = await look()
    for (let number = 0; number < DIFFERENT_LIVES; number++) {
      signal.throwIfAborted()
      await liveOne(host, options.lives + number)
    }
    await host.tidy()
    const idle = { ...unused, fds: (await settled(look, unused)).fds }
    const samples: Sample[] = []
    const startedAt = performance.now()
    const elapsedMs = () => performance.now() - startedAt
    for (let done = 0; done < options.lives && elapsedMs() < options.timeMs;) {
      await inParallel(nextLives(done, options), options.parallel, async (number) => {
        signal.throwIfAborted()
        await using _kill = now(number, options.killEvery) ? killSoon(driver) : undefined
        await liveOne(host, number)
        progress('lives', ++done, options.lives)
      })
      await host.tidy()
      const latenciesMs = driver.takeLatencies()
      const sample = {
        ...(await settled(look, idle)),
        lives: done,
        seconds: elapsedMs() / 1000,
        restarts: driver.restarts,
        p50Ms: percentile(latenciesMs, 50),
        p99Ms: percentile(latenciesMs, 99),
      }
      samples.push(sample)
      await onSample(sample)
    }
    return { idle, samples }
  })
  return { ...found, left: await leftovers(path) }
}

async function withDriver<T>(
  start: () => Promise<DriverProcess>,
  action: (driver: RestartingDriver) => Promise<T>,
): Promise<T> {
  await using driver = await RestartingDriver.start(start)
  return await action(driver)
}

/** The numbers of the lives between two samples. */
function nextLives(done: number, { lives, parallel }: SoakOptions): number[] {
  const perSample = Math.max(Math.ceil(lives / SAMPLES), MIN_ROUNDS_PER_SAMPLE * parallel)
  return Array.from({ length: Math.min(perSample, lives - done) }, (_, index) => done + index)
}

function now(number: number, every: number): boolean {
  return number % every === every - 1
}

/** Disposing waits until it is killed and serves again. */
function killSoon(driver: RestartingDriver): AsyncDisposable {
  const killed = setTimeout(Math.random() * KILLED_WITHIN_MS).then(() => driver.kill())
  return { [Symbol.asyncDispose]: () => killed }
}
