import { copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Kind } from '../../model/kinds.ts'
import { fsck } from '../../model/crossed/fsck.ts'
import type { Ground } from '../../power/power-cuts.ts'
import { makeSparse } from '../../support/images.ts'
import { GiB } from '../../support/volume.ts'
import { tool } from '../../tool.ts'
import type { Images } from '../guest.ts'
import { nothingYet } from './acknowledgements.ts'
import { GuestRun } from './guest-run.ts'
import type { Acknowledged, Orders } from './messages.ts'

const DISK_BYTES = 8 * GiB

/** How many calls are answered before a cut, at most. */
const MAX_ANSWERED = 80
/** How long the power stays on then, so that calls are cut at any of their steps. */
const MAX_WORK_MS = 2000
/** In the same way for a driver that starts after a cut. */
const MAX_START_MS = 8000
/** One of so many cuts is followed by one in the recovery from it. */
const CUTS_PER_RECOVERY = 4

/** Where the power was cut. */
export type Moment = 'work' | 'recovery'

export interface SeriesOptions {
  readonly ground: Ground
  readonly images: Images
  readonly seed: number
  readonly random: () => number
  readonly cuts: number
  /** The file of the disk. */
  readonly disk: string
  /** Where the disk is kept that lost something; undefined: nowhere. */
  readonly keep: string | undefined
  readonly onCut: (moment: Moment, answered: number) => void
  readonly signal: AbortSignal
}

/**
 * Cuts the power of guests, one after another with the same disk, while drivers in them work, and checks in
 * the next one what is there.
 * @throws Error with what was lost, or is back
 */
export async function cutInSeries(options: SeriesOptions): Promise<void> {
  const { disk, ground, keep } = options
  try {
    await makeSparse(disk, DISK_BYTES)
    await tool(`mkfs.${ground.type}`, '-q', disk)
    let expected = nothingYet
    for (let cut = 0; cut < options.cuts;) {
      expected = await cutWork(options, cut++, expected)
      if (cut < options.cuts && options.random() < 1 / CUTS_PER_RECOVERY) {
        await cutRecovery(options, expected)
        cut++
      }
    }
    await checkOnly(options, expected)
    await fsck[ground.type](disk)
  } catch (error) {
    if (keep !== undefined) {
      await mkdir(keep, { recursive: true })
      await copyFile(disk, join(keep, `${ground.type}-${options.seed}.img`))
    }
    throw error
  } finally {
    await rm(disk, { force: true })
  }
}

async function cutWork(options: SeriesOptions, cut: number, expected: Acknowledged): Promise<Acknowledged> {
  const { random, seed, signal } = options
  const orders = ordersFor(options.ground, 'work', seed + 10 * cut, expected)
  await using run = await GuestRun.start(options.images, orders, options.disk, expected)
  const wanted = 1 + Math.floor(random() * MAX_ANSWERED)
  await run.until(() => run.answered >= wanted, signal)
  await setTimeout(random() * MAX_WORK_MS)
  await run.cut()
  options.onCut('work', run.answered)
  return run.acknowledged
}

/** What is expected stays the same. */
async function cutRecovery(options: SeriesOptions, expected: Acknowledged): Promise<void> {
  const orders = ordersFor(options.ground, 'recover', options.seed, expected)
  await using run = await GuestRun.start(options.images, orders, options.disk, expected)
  await run.until(() => run.has('starting'), options.signal)
  await setTimeout(options.random() * MAX_START_MS)
  await run.cut()
  options.onCut('recovery', 0)
}

async function checkOnly(options: SeriesOptions, expected: Acknowledged): Promise<void> {
  const orders = ordersFor(options.ground, 'check', options.seed, expected)
  await using run = await GuestRun.start(options.images, orders, options.disk, expected)
  await run.until(() => run.hasExited, options.signal)
}

/** Thick images need a directory on ext4 or xfs (docs/reference/parameters.md). */
export function ordersFor(
  ground: Ground,
  task: Orders['task'],
  seed: number,
  expected: Acknowledged,
): Orders {
  const canBeThick = !ground.inPoolImage && ground.type !== 'btrfs'
  const kinds: Kind[] = ['block', 'ext4', ...(canBeThick ? (['thick'] as const) : []), 'xfs', 'btrfs']
  const extent = { groups: true, growsMounted: true, modifies: canBeThick }
  return { ...ground, task, kinds, extent, seed, expected }
}
