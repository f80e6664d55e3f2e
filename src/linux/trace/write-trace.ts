import { randomBytes } from 'node:crypto'
import { constants, open, readdir, readFile, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrno } from '../../volumes/model/errors.ts'
import type { Extent, WriteTrace, WriteTracer } from '../../volumes/model/ports/image-copier.ts'
import type { LoopDevice } from '../../volumes/model/ports/loop-devices.ts'
import { splitDev } from '../abi/loop.ts'
import { deviceSize, readAttribute } from '../loop/device.ts'
import { Granules } from './granules.ts'
import { removeInstance, Tracefs } from './tracefs.ts'

const EVENT = 'events/block/block_rq_complete'

/** Memory for each processor: some 10,000 unread requests. */
const BUFFER_KIB = 1024
const FETCH_INTERVAL_MS = 50
const READ_BYTES = 64 << 10

export interface TracedDevice {
  readonly major: number
  readonly minor: number
  readonly sizeBytes: bigint
}

/**
 * Records what is written to a device, by the kernel's block events. The buffers are bounded, so events can
 * be lost; the kernel counts them, and then `changes` returns undefined.
 */
export class LinuxWriteTrace implements WriteTrace {
  readonly #instance: string
  readonly #pipe: FileHandle
  readonly #device: TracedDevice
  readonly #buffer = Buffer.alloc(READ_BYTES)
  readonly #timer: NodeJS.Timeout
  readonly #sequence: string | undefined
  #granules: Granules
  #rest = ''
  #missed = false
  #fetching: Promise<void> = Promise.resolve()

  private constructor(instance: string, pipe: FileHandle, device: TracedDevice) {
    this.#instance = instance
    this.#pipe = pipe
    this.#device = device
    this.#sequence = diskSequence(device)
    this.#granules = new Granules(device.sizeBytes)
    this.#timer = setInterval(() => void this.#fetch(), FETCH_INTERVAL_MS).unref()
  }

  /** @param instance a tracing instance that is used for nothing else; it is removed at the end */
  static async start(instance: string, device: TracedDevice): Promise<LinuxWriteTrace> {
    await using undo = new AsyncDisposableStack()
    undo.defer(async () => {
      await removeInstance(instance)
    })
    // While it is open, no other process removes the instance in a sweep.
    const pipe = await open(join(instance, 'trace_pipe'), constants.O_RDONLY | constants.O_NONBLOCK)
    undo.defer(() => pipe.close())
    await writeFile(join(instance, 'buffer_size_kb'), `${BUFFER_KIB}`)
    await writeFile(join(instance, EVENT, 'filter'), changesOf(device.major, device.minor))
    await writeFile(join(instance, EVENT, 'enable'), '1')
    undo.move()
    return new LinuxWriteTrace(instance, pipe, device)
  }

  /**
   * The ranges that may have changed since the last call, or since the start: all requests completed so far.
   * @returns undefined when events were lost since then, or a write was behind the size that the device had
   * at the start; and from then on
   */
  async changes(): Promise<Extent[] | undefined> {
    await this.#fetch()
    const missed = this.#missed || !(await this.#isComplete())
    const extents = this.#granules.extents()
    this.#granules = new Granules(this.#device.sizeBytes)
    // The kernel counts lost events from the start, so later calls also return undefined.
    this.#missed = missed
    return missed ? undefined : extents
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#fetching
    await writeFile(join(this.#instance, EVENT, 'enable'), '0')
    await this.#pipe.close()
    await removeInstance(this.#instance)
  }

  /** One after the other: they share a buffer, which may end with half a line. */
  #fetch(): Promise<void> {
    this.#fetching = this.#fetching.then(() => this.#drain())
    return this.#fetching
  }

  async #drain(): Promise<void> {
    try {
      for (;;) {
        const { bytesRead } = await this.#pipe.read(this.#buffer, 0, READ_BYTES)
        if (bytesRead === 0) return
        this.#take(this.#buffer.toString('latin1', 0, bytesRead))
      }
    } catch (error) {
      // EAGAIN: nothing more now. After any other error it is unknown what was not read.
      if (!hasErrno(error, 'EAGAIN')) this.#missed = true
    }
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const extent = parseCompleted(line)
      // Behind the size that the trace began with: the device has grown.
      if (!extent || !this.#granules.add(extent.offset, extent.length)) this.#missed = true
    }
  }

  /**
   * False when events were dropped, when tracing was switched off, for example by an oops, or when the device
   * was detached and attached again: its file may have been written in between.
   */
  async #isComplete(): Promise<boolean> {
    if (this.#sequence === undefined || diskSequence(this.#device) !== this.#sequence) return false
    const on = await readFile(join(this.#instance, 'tracing_on'), 'latin1')
    if (on.trim() !== '1') return false
    for (const processor of await readdir(join(this.#instance, 'per_cpu'))) {
      const stats = await readFile(join(this.#instance, 'per_cpu', processor, 'stats'), 'latin1')
      if (/^(overrun|commit overrun|dropped events): [1-9]/m.test(stats)) return false
    }
    return true
  }
}

/**
 * A number that the kernel (5.15 and later) never reuses: every attachment of a loop device gets a new one.
 */
function diskSequence({ major, minor }: TracedDevice): string | undefined {
  try {
    return readAttribute(`/sys/dev/block/${major}:${minor}/diskseq`)
  } catch {
    return undefined
  }
}

/** The unit of the kernel's block layer, independent of the device's sector size. */
const SECTOR_BYTES = 512n

/**
 * A completed request in the kernel's trace; its operation and flags (rwbs), then the device's driver data in
 * brackets, then sector and count: `kworker/1:2-22  [001] ..s..  2852.696: block_rq_complete: 7,401 WS ()
 * 67848 + 8 be,0,4 [0]`.
 */
const COMPLETED = /: block_rq_complete: \d+,\d+ [A-Z]+ \(.*\) (\d+) \+ (\d+) /

/** @returns undefined for any other line, such as `CPU:1 [LOST 20 EVENTS]` */
export function parseCompleted(line: string): Extent | undefined {
  const [, sector, count] = COMPLETED.exec(line) ?? []
  if (sector === undefined || count === undefined) return undefined
  return { offset: BigInt(sector) * SECTOR_BYTES, length: BigInt(count) * SECTOR_BYTES }
}

/**
 * The filter for requests that may change the content of one device: all but reads, whose rwbs begins with R.
 * A flush has no sectors.
 */
export function changesOf(major: number, minor: number): string {
  // The kernel's internal dev_t, which differs from the one that stat(2) reports.
  const device = (major << 20) | minor
  return `dev == ${device} && nr_sector > 0 && !(rwbs ~ "R*")`
}

/**
 * Records writes to devices while they are copied, so that only these ranges are compared at the end.
 * Comparing a whole image takes a third of the time of the copy, during which the file system would be
 * frozen.
 */
export class LinuxWriteTracer implements WriteTracer, AsyncDisposable {
  readonly #tracefs: Tracefs

  private constructor(tracefs: Tracefs) {
    this.#tracefs = tracefs
  }

  /**
   * Also removes the traces of processes that have ended.
   * @param place a directory for this alone, which is created and removed again
   * @returns undefined where the kernel cannot trace, or does not allow it (lockdown, a container without
   * CAP_SYS_ADMIN), and where the directory cannot be created because the disk is full
   */
  static async open(place: string): Promise<LinuxWriteTracer | undefined> {
    await using undo = new AsyncDisposableStack()
    try {
      const tracefs = undo.use(await Tracefs.open(place))
      await tracefs.sweep()
      undo.move()
      return new LinuxWriteTracer(tracefs)
    } catch (error) {
      if (hasErrno(error, 'EPERM', 'EACCES', 'ENODEV', 'ENOENT', 'ENOSPC', 'EDQUOT', 'EROFS'))
        return undefined
      throw error
    }
  }

  /** Includes requests that are already running. */
  async start({ path: device }: LoopDevice): Promise<LinuxWriteTrace> {
    await using handle = await open(device, 'r')
    const { rdev } = await handle.stat({ bigint: true })
    const sizeBytes = await deviceSize(handle, device)
    const instance = await this.#tracefs.makeInstance(randomBytes(8).toString('hex'))
    return await LinuxWriteTrace.start(instance, { ...splitDev(rdev), sizeBytes })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tracefs[Symbol.asyncDispose]()
  }
}
