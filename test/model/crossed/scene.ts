import { setTimeout } from 'node:timers/promises'
import type { Crossing, Which } from './crossing.ts'
import { OK, outcomeOf, print, type Outcome } from './outcome.ts'
import { Subject, type VolumeName } from './subject.ts'
import type { World } from './world.ts'
import { Writes, type Bounds } from './writes.ts'

/** Nothing takes so long, also on a busy machine, that does not hang. */
const HANG_MS = 60_000

/** How often an unstage is repeated, as a CO does. */
const ATTEMPTS = 10
const PAUSE_MS = 100

/** One crossing in a world: what was done, and what must be there. */
export class Scene {
  readonly world: World
  readonly crossing: Crossing
  readonly subject: Subject
  readonly writes: Writes
  /** What was done and how it ended, for people. */
  readonly history: string[] = []
  /** Of the operation: it gives up waiting when this fires. */
  readonly caller = new AbortController()
  /** What snapshots must have, by id. */
  readonly snapshots = new Map<string, Bounds>()
  /** What the volume `copy` must have, and the exported image. */
  copy: Bounds | undefined
  exported: Bounds | undefined
  /** Their deletion was requested, so they may be deleted. */
  readonly doomed = new Set<Which | 'long' | 'origin'>()
  readonly withoutImage = new Set<VolumeName>()
  /** An image was removed, the driver killed, or its descriptors used up. */
  isBroken = false

  constructor(world: World, crossing: Crossing) {
    this.world = world
    this.crossing = crossing
    this.subject = new Subject(world.node, crossing.kind)
    this.writes = new Writes(
      world.scribe,
      this.sources.map((name) => this.subject.target(name)),
    )
  }

  /** The volumes that are written. */
  get sources(): ('a' | 'b')[] {
    return this.crossing.operation === 'group' ? ['a', 'b'] : ['a']
  }

  /** False when one of the sources is deleted, or may be, or is damaged. */
  get isIntact(): boolean {
    return this.sources.every((name) => !this.doomed.has(name) && !this.withoutImage.has(name))
  }

  boundsOf(snapshotId: string): Bounds {
    const bounds = this.snapshots.get(snapshotId) ?? this.writes.begin()
    this.snapshots.set(snapshotId, bounds)
    return bounds
  }

  /** The deletion of what the operation makes is requested. */
  makeAgain(made: 'long' | 'copy'): void {
    const bounds = made === 'long' ? this.boundsOf(this.subject.snapshotId('long')) : this.copy
    // A restored volume has the same content whenever it is made.
    if (!bounds || this.crossing.operation === 'restore') return
    bounds.high = Infinity
    bounds.canBeMadeAgain = true
  }

  note(line: string): void {
    this.history.push(line)
  }

  /** @throws when it hangs; what hung is then free again */
  async inTime(name: string, work: Promise<Outcome>): Promise<Outcome> {
    const timer = new AbortController()
    const late = setTimeout(HANG_MS, undefined, { signal: timer.signal }).then(
      () => undefined,
      () => undefined,
    )
    const outcome = await Promise.race([work, late])
    timer.abort()
    if (outcome) return outcome
    const frozen = [...(await this.world.thaw()), ...(await this.world.thawUnmounted())]
    throw new Error(`${name} hangs; frozen: ${frozen.join(', ') || 'nothing'}`)
  }

  /** @throws unless it succeeds */
  async must(name: string, work: Promise<void>): Promise<void> {
    const outcome = await this.inTime(name, outcomeOf(work.then(() => OK)))
    if (outcome.code !== 'OK') throw new Error(`${name}: ${print(outcome)}`)
  }

  /** Ends the use of a volume, whatever was done to it. */
  async release(name: VolumeName): Promise<void> {
    await this.must(`unpublish ${name}`, this.subject.unpublish(name))
    await this.unstage(name)
  }

  /**
   * Repeatedly: a process that creates a mount namespace at this moment has copies of all mounts for a while.
   */
  async unstage(name: VolumeName): Promise<void> {
    const work = (): Promise<Outcome> => outcomeOf(this.subject.unstage(name).then(() => OK))
    let outcome = await this.inTime(`unstage ${name}`, work())
    for (let left = ATTEMPTS; left > 0 && outcome.code === 'FAILED_PRECONDITION'; left--) {
      await setTimeout(PAUSE_MS)
      outcome = await this.inTime(`unstage ${name}`, work())
    }
    if (outcome.code !== 'OK') throw new Error(`unstage ${name}: ${print(outcome)}`)
  }
}
