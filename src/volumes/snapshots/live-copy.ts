import type { Logger } from 'pino'
import { formatBytes } from '../model/bytes.ts'
import { messageOf } from '../model/errors.ts'
import type { CopyProgress, Extent, WriteTrace } from '../model/ports/image-copier.ts'
import type { LoopDevice } from '../model/ports/loop-devices.ts'
import type { NodeContext } from '../state/context.ts'

/** Without a tracer images are compared as a whole. */
export type LiveCopyDependencies = Pick<NodeContext, 'files' | 'loops' | 'copier' | 'tracer' | 'log'>

const PROGRESS_INTERVAL_MS = 5000

/** Passes over a source in use end when one changes less than this, or after this many. */
const LITTLE_BYTES = 4n << 20n
const PASSES = 4

/** The state of a copy before the last pass. */
interface Begun {
  /** Nothing is copied yet: sharing takes one step, the last. */
  readonly isShared: boolean
  /** The source's version before copying, if it was not attached then. */
  readonly idleVersion?: string | undefined
  readonly traced?: Traced | undefined
}

interface Traced {
  readonly device: LoopDevice
  readonly trace: WriteTrace
}

/** A copy of an image in use: first all of it, then what changed, in passes. */
export class LiveCopy implements AsyncDisposable {
  readonly source: string
  readonly #target: string
  readonly #deps: LiveCopyDependencies
  readonly #idleVersion: string | undefined
  /** Whether the copy shares its blocks with the source, and so is made in one step. */
  readonly isShared: boolean
  #isMade = false
  #traced: Traced | undefined

  private constructor(deps: LiveCopyDependencies, source: string, target: string, begun: Begun) {
    this.source = source
    this.#target = target
    this.#deps = deps
    this.#idleVersion = begun.idleVersion
    this.isShared = begun.isShared
    this.#traced = begun.traced
  }

  /**
   * Copies the current content, unless the copy can share blocks at the end.
   * @param target must not exist
   * @param mayShare false where the two must not share blocks
   */
  static async begin(
    deps: LiveCopyDependencies,
    source: string,
    target: string,
    mayShare: boolean,
    signal: AbortSignal,
  ): Promise<LiveCopy> {
    if (mayShare && (await deps.copier.canShare(source, target)))
      return new LiveCopy(deps, source, target, { isShared: true })
    await using undo = new AsyncDisposableStack()
    // Read the version before the devices: writes through an earlier device are copied, and any later write
    // changes the version.
    const version = await deps.files.version(source)
    const attached = await deps.loops.find(source)
    const idleVersion = attached ? undefined : version
    const traced = attached && (await startTrace(deps, attached.device))
    if (traced) undo.use(traced.trace)
    await deps.copier.copy(source, target, progressLog(deps.log, source), signal)
    undo.move()
    return new LiveCopy(deps, source, target, { isShared: false, idleVersion, traced })
  }

  /**
   * Copies changes while the source is still written, to leave little for the last pass.
   * @param flush flushes the source, which would otherwise happen during the freeze
   */
  async catchUp(flush: () => Promise<void>, signal: AbortSignal): Promise<void> {
    let isTracedAnew = false
    for (let pass = 0; pass < PASSES && this.#traced; pass++) {
      await flush()
      const changed = await this.#traced.trace.changes()
      if (changed) {
        await this.#deps.copier.updateWithin(this.source, this.#target, changed, signal)
        if (sizeOf(changed) < LITTLE_BYTES) return
      } else if (isTracedAnew) {
        return
      } else {
        isTracedAnew = true
        await this.#traceAnew(signal)
      }
    }
  }

  /**
   * The source has grown, has another device, or the trace has lost events. Compare the whole image now, so
   * that the last pass, for which writers wait, does not have to.
   */
  async #traceAnew(signal: AbortSignal): Promise<void> {
    await this[Symbol.asyncDispose]()
    const attached = await this.#deps.loops.find(this.source)
    this.#traced = attached && (await startTrace(this.#deps, attached.device))
    if (this.#traced) await this.#deps.copier.update(this.source, this.#target, signal)
  }

  /**
   * Makes the copy equal to the source, which is not written meanwhile. The caller has held the volume's lock
   * since before it looked up the device, so that no device is attached later.
   * @param device the source's current device; the trace is valid only if it is still the same
   */
  async finish(device: LoopDevice | undefined, signal: AbortSignal): Promise<void> {
    const { copier } = this.#deps
    if (this.isShared) {
      signal.throwIfAborted()
      const files = [this.source, this.#target] as const
      this.#isMade = this.#isMade ? await copier.shareAgain(...files) : await copier.share(...files)
      if (!this.#isMade) throw new Error(`${this.source} cannot share its blocks any more`)
      return
    }
    if (!device && (await this.#isUnchanged())) return
    const traced = device && device.number === this.#traced?.device.number ? this.#traced : undefined
    const changed = await traced?.trace.changes()
    if (changed) await copier.updateWithin(this.source, this.#target, changed, signal)
    else await copier.update(this.source, this.#target, signal)
  }

  /**
   * Whether the source is unchanged since before it was copied. Valid only without a device, which could have
   * unwritten data.
   */
  async #isUnchanged(): Promise<boolean> {
    const version = this.#idleVersion
    return version !== undefined && version === (await this.#deps.files.version(this.source))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const traced = this.#traced
    this.#traced = undefined
    await traced?.trace[Symbol.asyncDispose]()
  }
}

/** A trace only saves time, so a copy is made without one if it is not available. */
async function startTrace(
  { tracer, log }: LiveCopyDependencies,
  device: LoopDevice,
): Promise<Traced | undefined> {
  try {
    const trace = await tracer?.start(device)
    return trace && { device, trace }
  } catch (error) {
    log.warn({ device: device.path, error: messageOf(error) }, 'cannot trace writes; comparing whole images')
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
