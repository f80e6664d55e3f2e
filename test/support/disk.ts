import { dirname, join } from 'node:path'
import { tool } from '../tool.ts'
import type { Disk } from './driver.ts'
import type { TestHost } from './host.ts'
import { makeSparse } from './images.ts'
import { autocleared } from './leftovers.ts'

/** Where a disk's files go. */
type Place = Pick<TestHost, 'directory'>

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
  static make(node: Place, bytes: number, ...options: string[]): Promise<TestDisk> {
    return TestDisk.#make(node, bytes, ['mkfs.ext4', '-q'], options)
  }

  /** Mounted; without blocks reserved for root, which do not count as free, but which the driver can take. */
  static ofType(node: Place, { type, bytes }: Disk): Promise<TestDisk> {
    return TestDisk.#make(node, bytes, [`mkfs.${type}`, '-q', ...(type === 'ext4' ? ['-m', '0'] : [])], [])
  }

  static async #make(
    node: Place,
    bytes: number,
    [mkfs = '', ...flags]: readonly string[],
    options: readonly string[],
  ): Promise<TestDisk> {
    const disk = new TestDisk(await node.directory('disk'))
    await makeSparse(disk.#image, bytes)
    await tool(mkfs, ...flags, disk.#image)
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
