import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { hasErrno } from '../../volumes/model/errors.ts'
import type { LoopDevice, WriteTracer } from '../../volumes/model/ports.ts'
import { deviceSize } from '../loop/device.ts'
import { splitDev } from '../abi/loop.ts'
import { Tracefs } from './tracefs.ts'
import { LinuxWriteTrace } from './write-trace.ts'

/**
 * Tells what is written to devices while they are copied, so that at the end only that has to be looked at:
 * comparing a whole image with its copy takes a third of the time that the copy took, in which its writers
 * would wait.
 */
export class LinuxWriteTracer implements WriteTracer, AsyncDisposable {
  readonly #tracefs: Tracefs

  private constructor(tracefs: Tracefs) {
    this.#tracefs = tracefs
  }

  /**
   * Also ends the traces of processes that died.
   * @param place a directory for this alone, which is made and removed again
   * @returns undefined where the kernel cannot, or does not let us (lockdown, a container without
   * CAP_SYS_ADMIN), and where there is no room for the place
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

  /** Begins with the requests that are under way now. */
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
