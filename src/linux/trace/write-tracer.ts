import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { hasErrno } from '../../volumes/model/errors.ts'
import type { WriteTracer } from '../../volumes/model/ports/image-copier.ts'
import type { LoopDevice } from '../../volumes/model/ports/loop-devices.ts'
import { splitDev } from '../abi/loop.ts'
import { deviceSize } from '../loop/device.ts'
import { Tracefs } from './tracefs.ts'
import { LinuxWriteTrace } from './write-trace.ts'

/**
 * Records what is written to devices while they are copied, so that only that is compared at the end.
 * Comparing a whole image with its copy takes a third of the time of the copy, and its writers would be
 * frozen for it.
 */
export class LinuxWriteTracer implements WriteTracer, AsyncDisposable {
  readonly #tracefs: Tracefs

  private constructor(tracefs: Tracefs) {
    this.#tracefs = tracefs
  }

  /**
   * Also ends the traces of processes that died.
   * @param place a directory for this alone, which is made and removed again
   * @returns undefined where the kernel cannot trace, or does not allow it (lockdown, a container without
   * CAP_SYS_ADMIN), and where the directory cannot be made for lack of room
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

  /** Includes the requests that are under way now. */
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
