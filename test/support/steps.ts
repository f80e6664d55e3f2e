import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { TestNode } from './driver.ts'

const HOOK = new URL('steps-hook.ts', import.meta.url).href

/**
 * Lets a test stop a driver process at any step of what it does: before the calls that change something on the machine. A
 * step is a call and how many of its name there were since the order was given: `fs.rename 2`.
 */
export class Steps {
  readonly #file: string
  #orders = 0

  constructor(node: TestNode) {
    this.#file = join(node.path, 'steps')
  }

  /** What the driver is to be started within. */
  get within(): string[] {
    return ['env', `NODE_OPTIONS=--import=${HOOK}`, `STEPS=${this.#file}`]
  }

  /** @returns the steps that the driver takes meanwhile */
  async record(work: () => Promise<unknown>): Promise<string[]> {
    await this.#order('record')
    await work()
    await this.release()
    return this.#taken()
  }

  /** The driver kills itself in the place of this step. */
  async killAt(step: string): Promise<void> {
    await this.#order(`kill ${step}`)
  }

  /** The driver waits before this step until it is released. */
  async holdAt(step: string): Promise<void> {
    await this.#order(`hold ${step}`)
  }

  async reached(step: string): Promise<void> {
    while (!(await this.#taken()).includes(step)) await setTimeout(5)
  }

  /** Ends the order. */
  async release(): Promise<void> {
    await rm(this.#file, { force: true })
  }

  /** Each order is another one, so that the driver begins to count anew. */
  async #order(text: string): Promise<void> {
    await rm(`${this.#file}.log`, { force: true })
    // As one step: a driver must not read half of it.
    await writeFile(`${this.#file}.new`, `${text}\n${++this.#orders}\n`)
    await rename(`${this.#file}.new`, this.#file)
  }

  async #taken(): Promise<string[]> {
    const log = await readFile(`${this.#file}.log`, 'utf8').catch(() => '')
    return log.split('\n').filter((step) => step !== '')
  }
}
