import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from '../disk/journal.ts'
import { SimulatedDisk } from '../disk/simulated-disk.ts'
import { volumesOf, type State } from '../model/state.ts'
import { Subject } from '../model/subject.ts'
import { TestNode } from '../support/driver.ts'
import { randomFrom } from '../support/random.ts'
import { MiB } from '../support/volume.ts'
import { tool } from '../tool.ts'
import { cutsOf, type Cut } from './cuts.ts'
import { difference, expectationOf, type Expectation } from './expectation.ts'
import { inspect } from './inspection.ts'
import { DiskRebuilder } from './rebuilt-disk.ts'
import { answered, begun, runWorkload, type Episode } from './workload.ts'

const DISK_BYTES = 640 * MiB
const IMAGE_SIZE = '400Mi'

/** What has the driver's data directory. */
export interface Ground {
  /** The file system of the disk. */
  readonly type: 'ext4' | 'xfs' | 'btrfs'
  /** Whether the pool is an image on that disk. */
  readonly inPoolImage: boolean
}

export const grounds: readonly Ground[] = [
  { type: 'ext4', inPoolImage: false },
  { type: 'xfs', inPoolImage: false },
  { type: 'btrfs', inPoolImage: false },
  { type: 'ext4', inPoolImage: true },
]

export interface PowerCutOptions extends Ground {
  readonly seed: number
  /** Sequences of calls. */
  readonly sequences: number
  /** How many cuts are tried, evenly spread over all. */
  readonly cuts: number
  /** A directory, for the disks. */
  readonly directory: string
  /** Called after each. @param tried how many have been */
  readonly onCut?: (cut: Cut, tried: number) => void
  readonly signal?: AbortSignal
}

/** Starts the driver. */
type Start = () => Promise<void>

async function starter(node: TestNode, inPoolImage: boolean): Promise<Start> {
  const config = join(node.path, 'config.yaml')
  await writeFile(
    config,
    inPoolImage ? `pools: { default: { image: { size: ${IMAGE_SIZE} } } }` : 'pools: { default: {} }',
  )
  return () => node.start({ args: ['--config', config] })
}

/** The journal of a disk below a driver, and what was called meanwhile. */
interface Recording {
  readonly entries: readonly Entry[]
  readonly data: string
  readonly episodes: readonly Episode[]
}

/**
 * Lets a driver work on a disk whose journal is kept, makes what the disk would have after power cuts, and
 * has the driver start on each: all that was acknowledged must be there, and nothing that was deleted.
 * @returns how many cuts were tried
 * @throws Error that names the first cut after which something else is there
 */
export async function checkPowerCuts(options: PowerCutOptions): Promise<number> {
  const { directory, onCut, signal } = options
  await using node = await TestNode.make()
  await mkdir(node.dataDir)
  const start = await starter(node, options.inPoolImage)
  const recording = await record(node, start, options)
  const random = randomFrom(options.seed)
  const chosen = spread(cutsOf(recording.entries, indexOf(recording.entries, begun(0))), options.cuts, random)
  const base = join(directory, 'base')
  await using rebuilder = await DiskRebuilder.open(recording.entries, recording.data, base, DISK_BYTES)
  for (const [index, cut] of chosen.entries()) {
    signal?.throwIfAborted()
    const disk = join(directory, 'rebuilt')
    await rebuilder.rebuild(cut, disk, random)
    await check(node, start, disk, cut, expectationAt(recording, cut))
    await rm(disk)
    onCut?.(cut, index + 1)
  }
  return chosen.length
}

async function record(
  node: TestNode,
  start: Start,
  { type, seed, sequences, directory }: PowerCutOptions,
): Promise<Recording> {
  const place = join(directory, 'disk')
  await using disk = await SimulatedDisk.make(place, { bytes: DISK_BYTES, keepsJournal: true })
  await tool(`mkfs.${type}`, '-q', disk.file)
  await tool('mount', '-o', 'loop', disk.file, node.dataDir)
  await start()
  const episodes = await runWorkload(node, start, disk, seed, sequences)
  await disk.mark('over')
  await release(node, episodes.at(-1)?.states ?? [])
  await node.driver.end('SIGTERM')
  await tool('umount', node.dataDir)
  const entries = await disk.journal()
  return { entries: entries.slice(0, indexOf(entries, 'over')), data: disk.data, episodes }
}

/** What is still staged goes, as nothing is after a power cut. */
async function release(node: TestNode, states: readonly State[]): Promise<void> {
  const subject = new Subject(node)
  const volumes = new Set(states.flatMap((state) => volumesOf(state).map(([name]) => name)))
  for (const volume of volumes) {
    await subject.perform({ call: 'unpublish', volume })
    await subject.perform({ call: 'unstage', volume })
  }
}

/** What is mounted when it fails goes with the node. */
async function check(
  node: TestNode,
  start: Start,
  disk: string,
  cut: Cut,
  expectation: Expectation,
): Promise<void> {
  try {
    await tool('mount', '-o', 'loop', disk, node.dataDir)
    await start()
    const wrong = difference(expectation, await inspect(node))
    if (wrong !== undefined) throw new Error(wrong)
  } catch (error) {
    throw new Error(`after the power cut ${JSON.stringify(cut)}: ${String(error)}`, { cause: error })
  }
  await node.driver.end('SIGTERM')
  await tool('umount', node.dataDir)
}

function expectationAt({ entries, episodes }: Recording, { at }: Cut): Expectation {
  const marks = entries.slice(0, at).flatMap((entry) => (entry.type === 'mark' ? [entry.text] : []))
  const last = marks.at(-1) ?? begun(0)
  const number = Number(last.split(' ')[1])
  if (last === answered(number)) return expectationOf(episodes[number + 1]?.states ?? [], [])
  const { states, operations } = episodes[number] ?? { states: [], operations: [] }
  return expectationOf(states, operations)
}

/** @returns so many of them, one from each of as many equal parts */
function spread<T>(items: readonly T[], count: number, random: () => number): T[] {
  const part = Math.max(1, items.length / count)
  return items
    .slice(0, count)
    .flatMap((_, index) => items.slice(Math.floor((index + random()) * part)).slice(0, 1))
}

function indexOf(entries: readonly Entry[], mark: string): number {
  return entries.findIndex((entry) => entry.type === 'mark' && entry.text === mark)
}
