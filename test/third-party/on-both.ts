import { inParallel } from '../harness/in-parallel.ts'
import { compare, worst, type Comparison, type TestResult } from './outcomes.ts'
import { checkFileSystem } from './places/check.ts'
import { requireAlike } from './places/alike.ts'
import type { Kind } from './places/kinds.ts'
import type { Origin, Place } from './places/place.ts'
import { runConfined } from './run-confined.ts'
import type { ToolRun } from './tool.ts'

/** A tool that takes longer hangs. */
const LIMIT_MS = 15 * 60_000

/** A test that fails on ours only is repeated on losetup: some fail everywhere, but not each time. */
const REPETITIONS = 4

export interface Origins {
  readonly ours: Origin
  readonly losetup: Origin
}

/** Where a run is done, and when it ends. */
export interface Setting {
  readonly origins: Origins
  readonly kind: Kind
  /** Unique; a part of the names of its volumes. */
  readonly name: string
  readonly signal: AbortSignal
}

/** Runs a tool at the same time on a new volume of the driver and on a plain loop device. */
export async function runOnBoth(run: ToolRun, setting: Setting): Promise<Comparison[]> {
  const { origins, kind, name } = setting
  const [ours, losetup] = await useBoth(run, setting)
  let there = losetup
  for (let time = 1; time <= REPETITIONS && hasDefect(compare(ours, there)); time++) {
    await using place = await origins.losetup.open(kind, `${name}-again-${time}`)
    there = worst(there, await use(run, place, setting))
  }
  return compare(ours, there)
}

async function useBoth(run: ToolRun, setting: Setting): Promise<[TestResult[], TestResult[]]> {
  const { origins, kind, name } = setting
  await using ours = await origins.ours.open(kind, name)
  await using losetup = await origins.losetup.open(kind, name)
  await requireAlike(kind, ours, losetup)
  const results = new Map<Place, TestResult[]>()
  // Both end before one is unmounted, so that neither holds the mounts of the other.
  await inParallel([ours, losetup], 2, async (place) => {
    results.set(place, await test(run, place, setting))
  })
  for (const place of [ours, losetup]) results.get(place)?.push(...(await finish(run, place, setting)))
  return [results.get(ours) ?? [], results.get(losetup) ?? []]
}

async function use(run: ToolRun, place: Place, setting: Setting): Promise<TestResult[]> {
  return [...(await test(run, place, setting)), ...(await finish(run, place, setting))]
}

async function test(run: ToolRun, place: Place, { kind, signal }: Setting): Promise<TestResult[]> {
  const { directory, scratch, path: source } = place
  const target = shortPath(directory)
  const command = await run.command({ path: kind === 'block' ? source : target, scratch })
  const bind = kind === 'block' ? undefined : { source, target }
  const ended = await runConfined({ command, directory, bind, scratch, limitMs: LIMIT_MS }, signal)
  if (ended.hung) return [{ name: run.name, outcome: 'failed', detail: 'does not end' }]
  return run.read(ended)
}

/**
 * Where a tool sees a file system, in its namespace. The path of a UNIX socket has 107 bytes at most, and
 * fs_mark takes no long ones either.
 */
function shortPath(directory: string): string {
  return directory.startsWith('/mnt/') ? '/media' : '/mnt'
}

/** What the tool has left must be a sound file system. */
async function finish(run: ToolRun, place: Place, { kind, signal }: Setting): Promise<TestResult[]> {
  await place.close()
  return kind === 'block'
    ? []
    : [await checkFileSystem(`${run.name}: check of the file system`, kind, place, signal)]
}

function hasDefect(comparisons: readonly Comparison[]): boolean {
  return comparisons.some(({ verdict }) => verdict === 'only ours')
}
