import { lstatSync } from 'node:fs'
import { open, readdir, readFile, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { failureOf, hasErrno, isTransient } from '../../volumes/model/errors.ts'
import type { LoopDevice, LoopState } from '../../volumes/model/ports/loop-devices.ts'
import { LO_FLAGS_AUTOCLEAR, LO_FLAGS_DIRECT_IO, LO_FLAGS_READ_ONLY, type LoopInfo } from '../abi/loop.ts'
import { SystemCallError } from '../libc.ts'
import { BoundedQueries } from './bounded-queries.ts'
import { loopDeviceNumber, PresentNodes, type LoopNodes } from './device-nodes.ts'
import { getStatus, identityOf, isBackedBy, readAttribute, sizeOf, type BackingIdentity } from './device.ts'

const SYSFS = '/sys/block'

/** An attached device: its state, and the kernel's data about its backing file. */
export interface InventoryEntry {
  readonly state: LoopState
  readonly info: LoopInfo
}

/** The entry of one open device, or undefined when it is not attached. */
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

/** The file system of a device's backing file does not answer, so neither does the kernel. */
export class UnresponsiveDeviceError extends Error {
  constructor(number: number) {
    super(`the file system of the file of /dev/loop${number} does not answer`)
    this.name = 'UnresponsiveDeviceError'
  }
}

const queries = new BoundedQueries<number>()

/** The pool's directory, if the backing file is an image in a pool, three levels below it. */
function poolDirectoryOfDevice(number: number): string {
  return dirname(dirname(dirname(backingFile(number) ?? '')))
}

/** Asks for the state of one device. @returns false when the file system of its file does not answer */
export async function isAnswered(number: number, query: () => Promise<void>): Promise<boolean> {
  return (await queries.run([number], poolDirectoryOfDevice, query)).length === 0
}

/** A device whose state could not be read. */
export interface UnknownDevice {
  readonly number: number
  readonly error: unknown
}

/** All attached devices. */
export interface Scan {
  readonly entries: readonly InventoryEntry[]
  /** Devices whose backing file could not be read. */
  readonly unknown: readonly UnknownDevice[]
}

/**
 * All attached devices of the machine, in order. Reads sysfs for every device that exists (118 ms for 2,000),
 * so it belongs at start-up and into commands for people, not into a request.
 */
export async function scan(nodes: LoopNodes): Promise<Scan> {
  const entries: InventoryEntry[] = []
  const unknown: UnknownDevice[] = []
  const query = async (number: number): Promise<void> => {
    try {
      const entry = await inspectNumber(nodes, number)
      if (entry) entries.push(entry)
    } catch (error) {
      unknown.push({ number, error })
    }
  }
  for (const number of await queries.run(await attachedNumbers(), poolDirectoryOfDevice, query))
    unknown.push({ number, error: new UnresponsiveDeviceError(number) })
  entries.sort((a, b) => a.state.device.number - b.state.device.number)
  return { entries, unknown }
}

/**
 * As `scan`, complete or failed: a device whose state could not be read must not count as "not attached".
 * Left out are devices whose file cannot be read (EIO, ESTALE, a file system that does not answer): the
 * kernel gives no state for them, and their file cannot be opened here either.
 */
export async function listAttached(nodes: LoopNodes): Promise<readonly InventoryEntry[]> {
  const { entries, unknown } = await scan(nodes)
  const failed = unknown.find(({ error }) => !hasUnreadableFile(error))
  if (failed) throw failureOf(`/dev/loop${failed.number} cannot be read`, failed.error)
  return entries
}

function hasUnreadableFile(error: unknown): boolean {
  if (error instanceof UnresponsiveDeviceError) return true
  return error instanceof SystemCallError && error.syscall === 'ioctl' && !isTransient(error)
}

/**
 * The devices whose backing file is this device, which they hold. The kubelet attaches one to each raw block
 * volume.
 */
export function onTopOf({ number }: LoopDevice, bound: readonly InventoryEntry[]): InventoryEntry[] {
  const device = loopDeviceNumber(number)
  return bound.filter(({ info }) => info.backingRdev === device)
}

/** The devices of this name whose backing file is not a device. */
export function namedOf(name: string, all: readonly InventoryEntry[]): InventoryEntry[] {
  return all.filter(({ state, info }) => state.name === name && info.backingRdev === 0n)
}

/** The numbers of all existing loop devices, attached or free, in order. */
export async function existingNumbers(): Promise<number[]> {
  const numbers = (await readdir(SYSFS)).flatMap((name) => /^loop(\d+)$/.exec(name)?.[1] ?? []).map(Number)
  return numbers.sort((a, b) => a - b)
}

/** The numbers of all attached devices, in order, by sysfs alone: one may be being detached. */
export async function attachedNumbers(): Promise<number[]> {
  return (await existingNumbers()).filter(isAttached)
}

/** True while the device has a file. Needs no descriptor, so it works when all are used up. */
export function isAttached(number: number): boolean {
  try {
    return lstatSync(`${SYSFS}/loop${number}/loop`).isDirectory()
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENODEV')) return false
    throw error
  }
}

/**
 * How many loop devices are attached and free, by one read of /proc/partitions. That lists disks with
 * content, so the few with an empty file count as free.
 */
export async function countDevices(): Promise<{ readonly bound: number; readonly free: number }> {
  const [existing, disks] = await Promise.all([existingNumbers(), readFile('/proc/partitions', 'latin1')])
  const bound = disks.match(/ loop\d+$/gm)?.length ?? 0
  return { bound, free: Math.max(existing.length - bound, 0) }
}

/**
 * The path of a device's backing file in sysfs, which may be that of another mount namespace.
 * @returns undefined for a free device
 * @throws when sysfs cannot be read
 */
export function backingFile(number: number): string | undefined {
  try {
    return readAttribute(`${SYSFS}/loop${number}/loop/backing_file`)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENODEV')) return undefined
    throw error
  }
}

/**
 * True when the backing file is unlinked, so it can never be found or attached again.
 * @throws as `backingFile`
 */
export function isUnlinked(number: number): boolean {
  return backingFile(number)?.endsWith(' (deleted)') ?? false
}

/**
 * Fields of /sys/block/loopN/stat (Documentation/block/stat.rst): finished writes, their sectors, finished
 * discards.
 */
const writeFields = [4, 6, 11]
const IN_FLIGHT = 8

/** A text that changes with every write to the device, and while a write is running with every call. */
export function writeCounter(number: number): string {
  const fields = readAttribute(`${SYSFS}/loop${number}/stat`).split(/\s+/)
  const finished = writeFields.map((index) => fields[index]).join(' ')
  return fields[IN_FLIGHT] === '0' ? finished : `${finished} and more at ${performance.now()}`
}

/**
 * All attached devices of the machine at one moment, for commands that only read. LoopDevices.find tries the
 * lock of an image, which makes a concurrent attach fail; this takes no lock.
 */
export class AttachedDevices {
  readonly entries: readonly InventoryEntry[]

  private constructor(entries: readonly InventoryEntry[]) {
    this.entries = entries
  }

  static async list(nodes: LoopNodes = new PresentNodes()): Promise<AttachedDevices> {
    return new AttachedDevices(await listAttached(nodes))
  }

  /**
   * The devices of an image, and those of the same name on top of these. The kubelet detaches its own there.
   * @returns none for an image that does not exist
   */
  async of(image: string): Promise<LoopState[]> {
    const identity = await identityAt(image)
    const own = identity ? this.entries.filter(({ info }) => isBackedBy(info, identity)) : []
    const onTop = own.flatMap((entry) =>
      onTopOf(entry.state.device, this.entries).filter(({ state }) => state.name === entry.state.name),
    )
    return [...own, ...onTop].map(({ state }) => state)
  }
}

async function identityAt(path: string): Promise<BackingIdentity | undefined> {
  try {
    return identityOf(await stat(path, { bigint: true }))
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EIO')) return undefined
    throw error
  }
}
