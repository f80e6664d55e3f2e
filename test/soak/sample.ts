import { readdir } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { DriverProcess } from '../harness/driver-process.ts'
import { leftovers } from '../support/leftovers.ts'

/** What a driver has while nothing is asked of it. */
export interface Holdings {
  readonly residentBytes: number
  readonly fds: number
  readonly devices: number
  readonly mounts: number
  /** In the data directory, in directories and pools that are mounted there too. */
  readonly files: number
  readonly processes: number
}

/**
 * One point of the plots: what there was after so many lives, and how long the calls of those since the last
 * point took.
 */
export interface Sample extends Holdings {
  readonly lives: number
  readonly seconds: number
  readonly restarts: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/**
 * The driver frees the blocks of what it deletes in the background. What is there after this time is there to
 * stay.
 */
const PATIENCE_MS = 10_000
const LOOK_EVERY_MS = 20

/** @param directory of everything that belongs to the driver */
export async function holdings(driver: DriverProcess, directory: string, dataDir: string): Promise<Holdings> {
  const { devices, mounts, processes } = await leftovers(directory)
  return {
    residentBytes: await driver.residentBytes(),
    fds: await driver.openFiles(),
    devices: devices.length,
    mounts: mounts.length,
    files: (await readdir(dataDir, { recursive: true })).length,
    processes: processes.length,
  }
}

/** What there is as soon as that is no more than there was, or when it has taken too long. */
export async function settled(look: () => Promise<Holdings>, idle: Holdings): Promise<Holdings> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const found = await look()
    const grown = passing.some((what) => found[what] > idle[what])
    if (!grown || performance.now() > deadline) return found
    await setTimeout(LOOK_EVERY_MS)
  }
}

const passing = ['devices', 'mounts', 'files', 'processes'] as const
