import { setTimeout } from 'node:timers/promises'
import { tool } from '../../tool.ts'
import type { Beside } from './crossing.ts'
import { isCommand, type Operator } from './long-operations.ts'
import { isAnswer, outcomeOf, print, type Outcome } from './outcome.ts'
import type { Scene } from './scene.ts'

/** A call that waits for the held one's lock is left alone after this; the others are mostly done then. */
const GRACE_MS = 150

interface Begun {
  readonly name: string
  readonly beside: Beside
  readonly outcome: Promise<Outcome>
}

/** Calls and changes of the world that are made while an operation is held open. */
export class Besides {
  readonly #scene: Scene
  readonly #operator: Operator
  readonly #begun: Begun[] = []

  constructor(scene: Scene, operator: Operator) {
    this.#scene = scene
    this.#operator = operator
  }

  /** Makes one of them, and waits for it, but not for a lock. */
  async begin(beside: Beside): Promise<void> {
    const name = Object.values(beside)
      .map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)))
      .join(' ')
    const outcome = outcomeOf(this.#perform(beside).then(() => undefined))
    this.#begun.push({ name, beside, outcome })
    const noted = outcome.then((outcome) => {
      this.#scene.note(`${name}: ${print(outcome)}`)
      return true
    })
    if (!(await Promise.race([noted, setTimeout(GRACE_MS, false)]))) this.#scene.note(`${name} waits`)
  }

  /** Waits for the calls of the driver. @throws for one that hangs */
  async callsEnd(): Promise<void> {
    for (const { name, beside, outcome } of this.#begun)
      if (!isWrite(beside)) await this.#scene.inTime(name, outcome)
  }

  /** Waits for all. @throws for one that hangs, or that has an answer which no call may have */
  async end(): Promise<void> {
    for (const { name, outcome } of this.#begun) await this.#scene.inTime(name, outcome)
    for (const { name, beside, outcome } of this.#begun) {
      const ended = await outcome
      if (!isOfDriver(beside) || isAnswer(ended, this.#scene)) continue
      throw new Error(`${name}: ${print(ended)}`)
    }
  }

  async #perform(beside: Beside): Promise<void> {
    const { crossing, doomed, subject, withoutImage, world, writes } = this.#scene
    switch (beside.call) {
      case 'write':
        await writes.write(beside.records)
        break
      case 'fill':
        await world.scribe.fill(subject.target(beside.volume))
        break
      case 'expand':
        await subject.expand(beside.volume)
        break
      case 'nodeExpand':
        await subject.expand(beside.volume)
        await subject.nodeExpand(beside.volume)
        break
      case 'modify':
        await subject.modify(beside.volume, beside.parameters)
        break
      case 'stage':
        await subject.stage(beside.volume)
        break
      case 'unstage':
        await subject.unstage(beside.volume)
        break
      case 'publish':
        await subject.publish(beside.volume)
        break
      case 'unpublish':
        await subject.unpublish(beside.volume)
        break
      case 'restage':
        await subject.unpublish(beside.volume)
        await subject.unstage(beside.volume)
        await subject.stage(beside.volume)
        await subject.publish(beside.volume)
        break
      case 'delete':
        doomed.add(beside.volume)
        if (beside.volume === 'copy') this.#scene.makeAgain('copy')
        await subject.delete(beside.volume)
        break
      case 'deleteSnapshot': {
        const name = crossing.operation === 'restore' ? 'origin' : 'long'
        doomed.add(name)
        if (name === 'long') this.#scene.makeAgain(name)
        await subject.deleteSnapshot(name)
        break
      }
      case 'snapshot':
        await this.#operator.snapshot('beside', 'a')
        break
      case 'again':
        if (!isCommand(crossing.operation)) await this.#operator.perform()
        break
      case 'abandon':
        if (!isCommand(crossing.operation)) this.#scene.caller.abort()
        break
      case 'list':
        await subject.volumes()
        await subject.snapshots()
        break
      case 'trim':
        await tool('fstrim', subject.staging(beside.volume))
        break
      case 'lazyUnmount':
        await tool(
          'umount',
          '--lazy',
          beside.of === 'staging' ? subject.staging(beside.volume) : subject.pod(beside.volume),
        )
        break
      case 'remount':
        await tool('mount', '-o', 'remount,noatime', subject.staging(beside.volume))
        break
      case 'removeImage':
        await subject.removeImage(beside.volume)
        withoutImage.add(beside.volume)
        this.#scene.isBroken = true
        break
      case 'noDescriptors':
        this.#scene.isBroken = true
        await world.takeDescriptors()
    }
  }
}

/**
 * Who writes to a file system that is left frozen waits for ever, so it is looked for before they are waited
 * for.
 */
function isWrite({ call }: Beside): boolean {
  return call === 'write' || call === 'fill'
}

/** The others fail as the kernel has it. */
function isOfDriver(beside: Beside): boolean {
  return (
    !isWrite(beside) &&
    !['lazyUnmount', 'remount', 'removeImage', 'noDescriptors', 'trim'].includes(beside.call)
  )
}
