import { open, readdir, readFile, type FileHandle } from 'node:fs/promises'
import { hasErrno } from '../../volumes/errors.ts'
import type { LoopDevice, LoopState } from '../../volumes/ports.ts'
import { LO_FLAGS_AUTOCLEAR, LO_FLAGS_DIRECT_IO, LO_FLAGS_READ_ONLY, type LoopInfo } from './abi.ts'
import { readAttribute } from '../sysfs.ts'
import { loopDeviceNumber, type LoopNodes } from './device-nodes.ts'
import { getStatus, sizeOf } from './device.ts'

const SYSFS = '/sys/block'

/** How many devices are looked at at once. */
const AT_ONCE = 32

/** A bound device: its state for people and what the kernel says of the file behind it. */
export interface InventoryEntry {
  readonly state: LoopState
  readonly info: LoopInfo
}

/** The entry of one open device, or undefined when it is not bound. */
export async function inspect(
  number: number,
  path: string,
  handle: FileHandle,
): Promise<InventoryEntry | undefined> {
  try {
    const info = await getStatus(handle.fd)
    const state = {
      device: { number, path },
      name: info.fileName,
      readOnly: (info.flags & LO_FLAGS_READ_ONLY) !== 0,
      autoclear: (info.flags & LO_FLAGS_AUTOCLEAR) !== 0,
      directIo: (info.flags & LO_FLAGS_DIRECT_IO) !== 0,
      sizeBytes: await sizeOf(handle.fd),
    }
    return { state, info }
  } catch (error) {
    if (hasErrno(error, 'ENXIO')) return undefined
    throw error
  }
}

/** As `inspect`, by number; undefined also when the device does not exist (any more). */
export async function inspectNumber(nodes: LoopNodes, number: number): Promise<InventoryEntry | undefined> {
  try {
    const path = await nodes.loop(number)
    await using handle = await open(path, 'r')
    return await inspect(number, path, handle)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENXIO', 'ENODEV')) return undefined
    throw error
  }
}

/**
 * All bound devices of the machine, in order. Reads sysfs for every device that exists (118 ms for 2,000), so it
 * belongs at start-up and into commands for people, not into a request.
 */
export async function listBound(nodes: LoopNodes): Promise<InventoryEntry[]> {
  const bound = await boundNumbers()
  const entries: InventoryEntry[] = []
  for (let begin = 0; begin < bound.length; begin += AT_ONCE) {
    const some = bound.slice(begin, begin + AT_ONCE)
    // One that cannot be looked at (EIO, when its file is gone) is not one that anybody here waits for.
    const found = await Promise.all(some.map((number) => inspectNumber(nodes, number).catch(() => undefined)))
    entries.push(...found.filter((entry) => entry !== undefined))
  }
  return entries
}

/** Those that have the device itself behind them, as kubelet's own have that of a block volume: they hold it. */
export function onTopOf({ number }: LoopDevice, bound: readonly InventoryEntry[]): InventoryEntry[] {
  const device = loopDeviceNumber(number)
  return bound.filter(({ info }) => info.backingRdev === device)
}

/** The numbers of all loop devices that exist, bound or not, in order. */
export async function existingNumbers(): Promise<number[]> {
  const numbers = (await readdir(SYSFS)).flatMap((name) => /^loop(\d+)$/.exec(name)?.[1] ?? []).map(Number)
  return numbers.sort((a, b) => a - b)
}

/** The numbers of all bound devices, in order. As `listBound`, without opening any: it may just be being removed. */
export async function boundNumbers(): Promise<number[]> {
  return (await existingNumbers()).filter((number) => backingFile(number) !== undefined)
}

/**
 * How many loop devices the machine has, and how many of them have a file; by one read of a list of all disks, which leaves
 * out those without content: free ones, and the few with an empty file.
 */
export async function countDevices(): Promise<{ readonly bound: number; readonly free: number }> {
  const [existing, disks] = await Promise.all([existingNumbers(), readFile('/proc/partitions', 'latin1')])
  const bound = disks.match(/ loop\d+$/gm)?.length ?? 0
  return { bound, free: Math.max(existing.length - bound, 0) }
}

/** The path that the kernel shows for a device's file, as its own mount namespace sees it; undefined when unbound. */
export function backingFile(number: number): string | undefined {
  try {
    return readAttribute(`${SYSFS}/loop${number}/loop/backing_file`)
  } catch {
    return undefined
  }
}

/** True when the file behind the device has no name any more, in no namespace: nobody can attach or find it again. */
export function isUnlinked(number: number): boolean {
  return backingFile(number)?.endsWith(' (deleted)') ?? false
}

/** Fields of /sys/block/loopN/stat (Documentation/block/stat.rst): finished writes, their sectors, finished discards. */
const writeFields = [4, 6, 11]
const IN_FLIGHT = 8

/** A figure that is another one after any write to the device; while one is under way it is never the same twice. */
export function writeCounter(number: number): string {
  const fields = readAttribute(`${SYSFS}/loop${number}/stat`).split(/\s+/)
  const finished = writeFields.map((index) => fields[index]).join(' ')
  return fields[IN_FLIGHT] === '0' ? finished : `${finished} and more at ${performance.now()}`
}
