import type { Logger } from 'pino'
import { formatBytes } from '../bytes.ts'
import { messageOf } from '../errors.ts'
import type {
  CopyProgress,
  Extent,
  ImageCopier,
  LoopDevice,
  LoopDevices,
  WriteTrace,
  WriteTracer,
} from '../ports.ts'

export interface LiveCopyDependencies {
  readonly loops: LoopDevices
  readonly copier: ImageCopier
  /** Undefined where the kernel does not tell who writes what; then images are compared as a whole. */
  readonly tracer: WriteTracer | undefined
  readonly log: Logger
}

const PROGRESS_INTERVAL_MS = 5000

/** Passes while the source is still written end when so little changed in one, or after so many. */
const LITTLE_BYTES = 4n << 20n
const PASSES = 4

/** A copy of an image that may be written all the time: first most of it, then what changed, again and again. */
export class LiveCopy implements AsyncDisposable {
  readonly source: string
  /** Whether it shares its blocks with the source, so that any further pass takes no time. */
  readonly shared: boolean
  readonly #target: string
  readonly #on: LiveCopyDependencies
  readonly #trace: WriteTrace | undefined
  readonly #traced: LoopDevice | undefined

  private constructor(
    source: string,
    target: string,
    shared: boolean,
    trace: WriteTrace | undefined,
    traced: LoopDevice | undefined,
    on: LiveCopyDependencies,
  ) {
    this.source = source
    this.shared = shared
    this.#target = target
    this.#trace = trace
    this.#traced = traced
    this.#on = on
  }

  /** Copies the image as it is found. @param target must not exist */
  static async begin(
    on: LiveCopyDependencies,
    source: string,
    target: string,
    signal: AbortSignal,
  ): Promise<LiveCopy> {
    await using undo = new AsyncDisposableStack()
    const attached = await on.loops.find(source)
    const trace = attached && (await startTrace(on, attached.device))
    if (trace) undo.use(trace)
    const how = await on.copier.copy(source, target, progressLog(on.log, source), signal)
    undo.move()
    return new LiveCopy(source, target, how === 'shared', trace, attached?.device, on)
  }

  /**
   * While the source is still written: leaves little for the last pass.
   * @param flush writes out what the source's writers have in memory, which would otherwise all come under the freeze
   */
  async catchUp(flush: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.shared || !this.#trace) return
    for (let pass = 0; pass < PASSES; pass++) {
      await flush()
      const changed = await this.#trace.changes()
      if (!changed) return
      await this.#on.copier.updateWithin(this.source, this.#target, changed, signal)
      if (sizeOf(changed) < LITTLE_BYTES) return
    }
  }

  /**
   * Makes the copy equal to the source, which nobody writes meanwhile.
   * @param device where the source is attached now; what was traced counts only when it was there all the time
   */
  async finish(device: LoopDevice | undefined, signal: AbortSignal): Promise<void> {
    const { copier } = this.#on
    const isTraced = !this.shared && device !== undefined && device.number === this.#traced?.number
    const changed = isTraced ? await this.#trace?.changes() : undefined
    if (changed) await copier.updateWithin(this.source, this.#target, changed, signal)
    else await copier.update(this.source, this.#target, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#trace?.[Symbol.asyncDispose]()
  }
}

/** It only saves time, so a copy is made without when it cannot be had. */
async function startTrace(
  { tracer, log }: LiveCopyDependencies,
  device: LoopDevice,
): Promise<WriteTrace | undefined> {
  try {
    return await tracer?.start(device)
  } catch (error) {
    log.warn({ device: device.path, error: messageOf(error) }, 'cannot trace writes; the whole is compared')
    return undefined
  }
}

function sizeOf(extents: readonly Extent[]): bigint {
  return extents.reduce((sum, { length }) => sum + length, 0n)
}

function progressLog(log: Logger, source: string): (progress: CopyProgress) => void {
  let logged = performance.now()
  return ({ copiedBytes, totalBytes }) => {
    if (performance.now() - logged < PROGRESS_INTERVAL_MS) return
    logged = performance.now()
    log.info({ source, copied: formatBytes(copiedBytes), of: formatBytes(totalBytes) }, 'copying')
  }
}
