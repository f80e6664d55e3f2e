import { dirname, join } from 'node:path'
import { tool } from '../tool.ts'
import type { TestNode } from './driver.ts'
import { makeSparse } from './images.ts'
import { autocleared } from './leftovers.ts'

/** A disk of a node, for a pool of its own. It goes with the node. */
export class TestDisk {
  /** Where it is mounted. */
  readonly path: string
  readonly #image: string

  private constructor(path: string) {
    this.path = path
    this.#image = `${path}.img`
  }

  /** An ext4, mounted. */
  static async make(node: TestNode, bytes: number, ...options: string[]): Promise<TestDisk> {
    const disk = new TestDisk(await node.directory('disk'))
    await makeSparse(disk.#image, bytes)
    await tool('mkfs.ext4', '-q', disk.#image)
    await disk.mount(...options)
    return disk
  }

  /** For a configuration file. */
  get pool(): string {
    return join(this.path, 'pool')
  }

  async mount(...options: string[]): Promise<void> {
    await tool('mount', '-o', ['loop', ...options].join(','), this.#image, this.path)
  }

  /** Its device is detached as well. */
  async unmount(): Promise<void> {
    await tool('umount', this.path)
    await autocleared(dirname(this.path))
  }

  /** Whose it is in sysfs: `loop3`. */
  async deviceName(): Promise<string> {
    return (await tool('findmnt', '--noheadings', '--output', 'SOURCE', this.path)).replace('/dev/', '')
  }

  /** Repairs it while it is not mounted. */
  async repair(): Promise<void> {
    await tool('e2fsck', '-p', '-f', this.#image).catch(() => undefined)
    await tool('e2fsck', '-n', '-f', this.#image)
  }
}
