import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { TestNode } from '../support/driver.ts'
import { Steps } from '../support/seam/steps.ts'
import { GiB, MiB, TestVolume } from '../support/volume.ts'
import { tool } from '../tool.ts'
import { requireContent, writeContent } from './content.ts'
import { stateOf } from './state.ts'

/**
 * A pool on an ext4, where copies are copied, and one on an XFS, where they share blocks. Their disks are not
 * looked at in the background: that would be taken for a step of the call.
 */
const CONFIG = `pools:
  default: { inline: { maxSize: 1Gi }, whenFull: fail }
  instant: { image: { size: 1Gi }, overcommit: 4, whenFull: fail }
`

/** How long what goes on in the background may take. */
const PATIENCE_MS = 5000

/** A node with a driver that can be made to fail, and one volume that everything else is no concern of. */
export class World implements AsyncDisposable {
  readonly node: TestNode
  readonly steps: Steps
  readonly #options: { readonly args: string[]; readonly within: string[] }
  readonly #bystander: TestVolume

  private constructor(node: TestNode, compileCache: string) {
    this.node = node
    this.steps = new Steps(node)
    this.#options = {
      args: ['--config', join(node.path, 'config.yaml')],
      within: [...this.steps.within, `NODE_COMPILE_CACHE=${compileCache}`],
    }
    this.#bystander = new TestVolume(node, 'bystander', { bytes: 16 * MiB })
  }

  /** @param compileCache a directory by which drivers start faster after the first one that has ended well */
  static async make(compileCache: string): Promise<World> {
    const world = new World(await TestNode.make({ type: 'ext4', bytes: 3 * GiB }), compileCache)
    try {
      await writeFile(join(world.node.path, 'config.yaml'), CONFIG)
      await world.start()
      await world.#bystander.create()
      await world.#bystander.stage()
      await world.#bystander.publish()
      await writeContent(world.#bystander.staging)
      return world
    } catch (error) {
      await world[Symbol.asyncDispose]()
      throw error
    }
  }

  async start(): Promise<void> {
    await this.node.start(this.#options)
  }

  /**
   * Waits until there is nothing to complain about in what is on the node.
   * @returns the complaints that remain
   */
  async complaints(judge: (state: readonly string[]) => string[]): Promise<string[]> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const found = judge(await stateOf(this.node))
      if (found.length === 0 || Date.now() > deadline) return found
      await setTimeout(20)
    }
  }

  /** What is on the node when nothing is under way in the background. */
  async settled(): Promise<string[]> {
    let state: readonly string[] = []
    await this.complaints((now) => {
      state = now
      return now.filter((line) => /\/\.[^/]*\.(new|deleted)\b/.test(line))
    })
    return [...state]
  }

  /** Ends all freezes of file systems on the node. @returns where there was one */
  async thawed(): Promise<string[]> {
    const table = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
    const targets = table
      .map((line) => line.split(' ')[4] ?? '')
      .filter((path) => path.startsWith(`${this.node.path}/`))
    const frozen = targets.map((target) =>
      tool('fsfreeze', '--unfreeze', target).then(
        () => [target],
        () => [],
      ),
    )
    return (await Promise.all(frozen)).flat()
  }

  /** @throws unless the volume that nothing was done to has what was written to it */
  async requireBystander(): Promise<void> {
    await requireContent(this.#bystander.target())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]()
  }
}
