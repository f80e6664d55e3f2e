import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { TestNode, type Disk } from '../../support/driver.ts'
import { autocleared, devicesOf, mountsOf } from '../../support/leftovers.ts'
import { Steps } from '../../support/seam/steps.ts'
import { GiB } from '../../support/volume.ts'
import { tool } from '../../tool.ts'
import { Scribe } from './scribe.ts'

/**
 * How the pool makes copies: by copying, with the kernel's trace of writes or without, or by sharing blocks.
 */
export const copyings = ['traced', 'untraced', 'shared'] as const
export type Copying = (typeof copyings)[number]

const disks: Readonly<Record<Copying, Disk>> = {
  traced: { type: 'ext4', bytes: 8 * GiB },
  untraced: { type: 'ext4', bytes: 8 * GiB },
  shared: { type: 'xfs', bytes: 8 * GiB },
}

/**
 * The descriptors that are always open. A limit of so many leaves no room for others, also where some are
 * closed.
 */
const STANDARD_STREAMS = 3

/** Volumes stay nearly empty. */
const CONFIG = 'pools: {default: {overcommit: 10}}'

/** A node with a driver whose operations can be held open, and a process that writes to its volumes. */
export class World implements AsyncDisposable {
  readonly node: TestNode
  readonly steps: Steps
  /** For a process of the command line. */
  readonly commandSteps: Steps
  readonly scribe = new Scribe()
  readonly #copying: Copying
  #descriptorLimit: string | undefined

  private constructor(node: TestNode, copying: Copying) {
    this.node = node
    this.steps = new Steps(node)
    this.commandSteps = new Steps(node, 'steps-of-command')
    this.#copying = copying
  }

  static async make(copying: Copying): Promise<World> {
    const world = new World(await TestNode.make(disks[copying]), copying)
    try {
      await writeFile(world.configuration, CONFIG)
      await world.start()
      return world
    } catch (error) {
      await world[Symbol.asyncDispose]()
      throw error
    }
  }

  get configuration(): string {
    return join(this.node.path, 'config.yaml')
  }

  async start(): Promise<void> {
    const isTraced = this.#copying !== 'untraced'
    if (!isTraced) await this.steps.failAt('mount tracefs trace tracefs 1', 'EPERM')
    await this.node.start({ args: ['--config', this.configuration], within: this.steps.within })
    if (!isTraced && !(await this.steps.wasReached()))
      throw new Error('the driver traces writes all the same')
    await this.steps.release()
    this.#descriptorLimit = undefined
  }

  async kill(): Promise<void> {
    await this.node.driver.end('SIGKILL')
    await this.steps.release()
    await this.start()
  }

  /** The driver can open nothing more until giveDescriptors(). */
  async takeDescriptors(): Promise<void> {
    if (this.#descriptorLimit !== undefined) return
    const { pid } = this.node.driver
    this.#descriptorLimit = await limitOf(pid)
    await tool('prlimit', `--pid=${pid}`, `--nofile=${STANDARD_STREAMS}:`)
  }

  async giveDescriptors(): Promise<void> {
    if (this.#descriptorLimit === undefined) return
    await tool('prlimit', `--pid=${this.node.driver.pid}`, `--nofile=${this.#descriptorLimit}:`)
    this.#descriptorLimit = undefined
  }

  /** Thaws what is frozen of the node's volumes. @returns where something was */
  async thaw(): Promise<string[]> {
    const devices = await devicesOf(this.node.path)
    const mounts = await mountsOf(this.node.path, devices)
    const found: string[] = []
    for (const { target, source } of mounts) {
      if (!devices.has(source)) continue
      await tool('fsfreeze', '--unfreeze', target).then(
        () => found.push(target),
        () => undefined,
      )
    }
    return found
  }

  /**
   * Thaws the file systems that are mounted nowhere any more: frozen, they keep their devices for ever.
   * @returns their devices
   */
  async thawUnmounted(): Promise<string[]> {
    await autocleared(this.node.path)
    const devices = await devicesOf(this.node.path)
    const mounted = new Set((await mountsOf(this.node.path, devices)).map(({ source }) => source))
    const found: string[] = []
    for (const device of devices.keys()) {
      if (mounted.has(device) || !(await isAutoclear(device))) continue
      const place = await this.node.directory('thawing')
      await tool('mount', device, place).catch(() => undefined)
      await tool('fsfreeze', '--unfreeze', place).then(
        () => found.push(device),
        () => undefined,
      )
      await tool('umount', place).catch(() => undefined)
    }
    await autocleared(this.node.path)
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.steps.release()
    await this.commandSteps.release()
    await this.giveDescriptors().catch(() => undefined)
    await this.thaw()
    await this.thawUnmounted()
    await this.scribe[Symbol.asyncDispose]()
    await this.node[Symbol.asyncDispose]()
  }
}

async function isAutoclear(device: string): Promise<boolean> {
  const flag = await readFile(`/sys/block/${basename(device)}/loop/autoclear`, 'utf8').catch(() => '')
  return flag.trim() === '1'
}

async function limitOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/limits`, 'utf8')
  return /^Max open files +(\d+)/m.exec(text)?.[1] ?? '1024'
}
