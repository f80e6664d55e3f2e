import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { TestNode } from '../driver.ts'
import { withHook } from '../hook.ts'
import { REACHED, type Order } from './order.ts'

/**
 * Lets a test stop a driver process, or make it fail, at any step of what it does: at its calls of the system
 * and its commands. A step is a call, or a call and what it is about, and how many of them there were since
 * the order was given: `rename 2`, or `fsync pools/default/volumes 1`, or `step 12` of all steps that can be
 * held; `rename 2 +3` is the third one of those behind it.
 */
export class Steps {
  readonly #file: string
  #orders = 0

  /** @param name of the files by which process and test know of each other; each process needs its own */
  constructor(node: Pick<TestNode, 'path'>, name = 'steps') {
    this.#file = join(node.path, name)
  }

  /** What the driver is to be started within. */
  get within(): string[] {
    return withHook('seam/hook.ts', { STEPS: this.#file })
  }

  /** Notes the steps from now on, until the release. */
  async record(): Promise<void> {
    await this.#order('record')
  }

  /** The driver kills itself in the place of this step. */
  async killAt(step: string): Promise<void> {
    await this.#order('kill', step)
  }

  /** The driver kills itself when this step is done. */
  async killAfter(step: string): Promise<void> {
    await this.#order('kill-after', step)
  }

  /** The driver waits before this step until it is released. */
  async holdAt(step: string): Promise<void> {
    await this.#order('hold', step)
  }

  /** The step fails, once. @param fault an errno's name, or for a command how it ends (commands.ts) */
  async failAt(step: string, fault: string): Promise<void> {
    await this.#order('fail', step, fault)
  }

  /** Waits until the driver has come to the step of the order. */
  async reached(): Promise<void> {
    while (!(await this.wasReached())) await setTimeout(5)
  }

  /** @returns the step that the order was about; undefined when the driver has not come to it */
  async reachedStep(): Promise<string | undefined> {
    const log = await this.#log()
    return log[log.indexOf(REACHED) - 1]
  }

  async wasReached(): Promise<boolean> {
    return (await this.#log()).includes(REACHED)
  }

  /** The steps since the last order. */
  async taken(): Promise<string[]> {
    return (await this.#log()).filter((line) => line !== REACHED)
  }

  /** Ends the order. */
  async release(): Promise<void> {
    await rm(this.#file, { force: true })
  }

  async #log(): Promise<string[]> {
    const log = await readFile(`${this.#file}.log`, 'utf8').catch(() => '')
    return log.split('\n').filter((line) => line !== '')
  }

  async #order(action: Order['action'], step = '', fault = ''): Promise<void> {
    await rm(`${this.#file}.log`, { force: true })
    const order: Order = { action, step, fault, number: ++this.#orders }
    // As one step: a driver must not read half of it.
    await writeFile(`${this.#file}.new`, JSON.stringify(order))
    await rename(`${this.#file}.new`, this.#file)
  }
}
