import { setTimeout } from 'node:timers/promises'
import { compareCalls, FEW } from '../../bench/beside-few.ts'
import { Crowd } from '../../bench/crowd.ts'
import type { Table } from '../../bench/samples.ts'
import { DriverProcess } from '../../harness/driver-process.ts'
import { peakBytes, processorMs } from '../../harness/process-figures.ts'
import type { Progress } from '../../harness/progress.ts'
import { percentile } from '../../harness/statistics.ts'
import type { Workspace } from '../../harness/workspace.ts'
import { chartLimits } from '../../support/chart-limits.ts'

export interface StagedOptions {
  /** How many volumes are staged. */
  readonly staged: number
  readonly rounds: number
  /** The driver's main file. */
  readonly driver: string
}

/** Of the driver of one node. */
export interface NodeFigures {
  readonly volumes: number
  /** With all volumes staged. */
  readonly residentBytes: number
  readonly peakBytes: number
  /** From the start of a process to its first answer, after it was killed with all volumes staged. */
  readonly restartMs: number
  /** After that, when all volumes were staged already. */
  readonly restartedBytes: number
  /** The part of one processor that it takes without any call. */
  readonly idlePart: number
}

export interface StagedFindings {
  readonly many: NodeFigures
  readonly few: NodeFigures
  /** The calls of both, in milliseconds. */
  readonly calls: Table
}

const KILLS = 3

/** What a driver does now and then has to be in it. */
const IDLE_MS = 60_000
const IDLE_MS_PER_VOLUME = 100

/** Stages many volumes on one driver and few on another, and measures both side by side. */
export async function measureStaged(
  options: StagedOptions,
  workspace: Workspace,
  progress: Progress,
  signal: AbortSignal,
): Promise<StagedFindings> {
  const { staged, rounds, driver: main } = options
  await using many = new StagedDriver(main, await workspace.directory('many'), staged, progress, signal)
  await using few = new StagedDriver(main, await workspace.directory('few'), FEW, progress, signal)
  await few.stage()
  await many.stage()
  const idleMs = Math.min(IDLE_MS, staged * IDLE_MS_PER_VOLUME)
  await Promise.all([many.idle(idleMs, signal), few.idle(idleMs, signal)])
  const drivers = { driver: await many.process(), volumes: staged, few: await few.process() }
  const paths = await workspace.directory('paths')
  const calls = await compareCalls({ ...drivers, paths }, rounds, progress, signal)
  for (let kill = 0; kill < KILLS; kill++) {
    signal.throwIfAborted()
    for (const one of [many, few]) await one.kill()
    progress('kills', kill + 1, KILLS)
  }
  const found = { many: await many.figures(), few: await few.figures(), calls }
  for (const one of [few, many]) await one.remove()
  return found
}

/** A driver with so many staged volumes, in one process after another. */
class StagedDriver implements AsyncDisposable {
  readonly #main: string
  readonly #directory: string
  readonly #volumes: number
  readonly #crowd: Crowd
  readonly #restartsMs: number[] = []
  #process: DriverProcess | undefined
  #residentBytes = NaN
  #peakBytes = 0
  #idlePart = NaN

  constructor(main: string, directory: string, volumes: number, progress: Progress, signal: AbortSignal) {
    this.#main = main
    this.#directory = directory
    this.#volumes = volumes
    this.#crowd = new Crowd(directory, volumes, progress, signal)
  }

  async process(): Promise<DriverProcess> {
    const { flags } = await chartLimits('node')
    this.#process ??= await DriverProcess.start(this.#main, this.#directory, {}, { flags })
    return this.#process
  }

  async stage(): Promise<void> {
    const driver = await this.process()
    await this.#crowd.stage(driver.client)
    this.#residentBytes = await driver.residentBytes()
  }

  async idle(milliseconds: number, signal: AbortSignal): Promise<void> {
    const { pid } = await this.process()
    const [before, start] = [await processorMs(pid), performance.now()]
    await setTimeout(milliseconds, undefined, { signal })
    this.#idlePart = ((await processorMs(pid)) - before) / (performance.now() - start)
  }

  /** Kills it as the kernel does, and starts it again. */
  async kill(): Promise<void> {
    const driver = await this.process()
    await this.#lookAtPeak(driver)
    this.#process = undefined
    await driver.kill()
    this.#restartsMs.push((await this.process()).startedInMs)
  }

  async figures(): Promise<NodeFigures> {
    const driver = await this.process()
    await this.#lookAtPeak(driver)
    return {
      volumes: this.#volumes,
      residentBytes: this.#residentBytes,
      peakBytes: this.#peakBytes,
      restartMs: percentile(this.#restartsMs, 50),
      restartedBytes: await driver.residentBytes(),
      idlePart: this.#idlePart,
    }
  }

  async remove(): Promise<void> {
    await this.#crowd.remove((await this.process()).client)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]()
  }

  async #lookAtPeak({ pid }: DriverProcess): Promise<void> {
    this.#peakBytes = Math.max(this.#peakBytes, await peakBytes(pid))
  }
}
