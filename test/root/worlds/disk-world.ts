import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { TestDisk } from '../../support/disk.ts'
import { TestNode } from '../../support/driver.ts'
import { nothing } from '../../support/leftovers.ts'
import { Pages } from '../../support/pages.ts'
import { MiB, TestVolume } from '../../support/volume.ts'

/**
 * A node whose pool `extra` is on a disk of its own, which is mounted. Disposing ends it; nothing may be left
 * then.
 */
export class DiskWorld implements AsyncDisposable {
  readonly node: TestNode
  readonly pages: Pages
  readonly disk: TestDisk
  readonly #config: string
  /** Of the pool `extra`, beside its path. */
  #options = ''

  private constructor(node: TestNode, pages: Pages, disk: TestDisk) {
    this.node = node
    this.pages = pages
    this.disk = disk
    this.#config = join(node.path, 'config.yaml')
  }

  /** Without a driver. @param options of the disk's mount */
  static make(...options: string[]): Promise<DiskWorld> {
    return DiskWorld.ofSize(256 * MiB, ...options)
  }

  /** As `make`, with a sparse disk of so many bytes. */
  static async ofSize(bytes: number, ...options: string[]): Promise<DiskWorld> {
    const node = await TestNode.make()
    return new DiskWorld(node, await Pages.make(), await TestDisk.make(node, bytes, ...options))
  }

  /** With a driver that also has the pool `default`. */
  static async start(...options: string[]): Promise<DiskWorld> {
    const world = await DiskWorld.make(...options)
    await world.configure('default: {}')
    await world.startDriver()
    return world
  }

  /** @param others as the configuration names them */
  async configure(...others: string[]): Promise<void> {
    await writeFile(
      this.#config,
      `pools: { ${[...others, `extra: { path: ${this.disk.pool}${this.#options} }`].join(', ')} }`,
    )
  }

  /** As `configure`, with options of the pool `extra`. */
  async configureExtra(options: string, ...others: string[]): Promise<void> {
    this.#options = `, ${options}`
    await this.configure(...others)
  }

  /** @param within as in NodeOptions */
  startDriver(within: readonly string[] = []): Promise<void> {
    return this.node.start({ args: ['--config', this.#config, ...this.pages.args], within })
  }

  /** In the pool `extra`. */
  volume(name: string): TestVolume {
    return new TestVolume(this.node, name, { parameters: { pool: 'extra' } })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using node = this.node
    await node.driver.end('SIGTERM')
    await this.disk.unmount()
    expect(await node.left()).toEqual(nothing)
  }
}
