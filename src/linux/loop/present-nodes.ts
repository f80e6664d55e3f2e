import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { loopDeviceNumber, type LoopNodes } from './device-nodes.ts'

/** The nodes that are in /dev, for whoever only looks: none is made or put right. */
export class PresentNodes implements LoopNodes {
  readonly #dev: string

  constructor(dev = '/dev') {
    this.#dev = dev
  }

  /** @throws ENOENT also for a node that leads to another device */
  async loop(number: number): Promise<string> {
    const path = join(this.#dev, `loop${number}`)
    const { rdev } = await lstat(path, { bigint: true })
    if (rdev === loopDeviceNumber(number)) return path
    throw Object.assign(new Error(`${path} is the node of another device`), { code: 'ENOENT' })
  }
}
