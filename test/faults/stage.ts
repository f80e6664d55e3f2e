import type { Case, Play } from './cases/case.ts'
import { World } from './world.ts'

type State = readonly string[]

/**
 * A world in which a call can be made again and again, and what it looks like without and with what the call
 * does.
 */
export class Stage implements AsyncDisposable {
  readonly world: World
  readonly play: Play
  readonly before: State
  readonly after: State

  private constructor(world: World, play: Play, before: State, after: State) {
    this.world = world
    this.play = play
    this.before = before
    this.after = after
  }

  static async make(prepare: Case, compileCache: string): Promise<Stage> {
    await using undo = new AsyncDisposableStack()
    const world = undo.use(await World.make(compileCache))
    const play = await prepare(world)
    const before = await world.settled()
    await play.run()
    const after = await world.settled()
    await play.check?.()
    await play.undo()
    const stage = new Stage(world, play, before, after)
    const complaints = await world.complaints((state) => stage.whyNotBefore(state))
    if (complaints.length > 0) throw new Error(`undoing leaves traces: ${complaints.join('; ')}`)
    undo.move()
    return stage
  }

  /** @returns the steps of the call when nothing fails */
  async steps(): Promise<string[]> {
    const { play, world } = this
    await world.steps.record()
    await play.run()
    await world.settled()
    await world.steps.release()
    const taken = await world.steps.taken()
    await play.undo()
    await world.settled()
    return taken
  }

  whyNotBefore(state: State): string[] {
    return whyNot(state, this.before)
  }

  whyNotAfter(state: State): string[] {
    return whyNot(state, this.after)
  }

  /** All or nothing. @param kept what alone may be as after the call */
  whyNotBeforeOrAfter(state: State, kept?: RegExp): string[] {
    const isKept = (line: string): boolean => kept?.test(line) ?? false
    const failed = [...this.before.filter((line) => !isKept(line)), ...this.after.filter(isKept)]
    const [first = [], ...others] = [this.before, this.after, failed].map((wanted) => whyNot(state, wanted))
    return others.reduce(
      (least, complaints) => (complaints.length < least.length ? complaints : least),
      first,
    )
  }

  /**
   * Each thing is as it was before or as it is after the call; what has nothing to do with the call is as it
   * was.
   */
  whyNotBetween(state: State): string[] {
    const both = this.before.filter((line) => this.after.includes(line))
    const either = [...this.before, ...surplus(this.after, this.before)]
    return [...surplus(state, either).map(extra), ...surplus(both, state).map(missing)]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]()
  }
}

function whyNot(state: State, wanted: State): string[] {
  return [...surplus(state, wanted).map(extra), ...surplus(wanted, state).map(missing)]
}

/** What of one list is not in another, or not as often. */
function surplus(lines: State, of: State): string[] {
  const rest = [...of]
  return lines.filter((line) => {
    const index = rest.indexOf(line)
    if (index >= 0) rest.splice(index, 1)
    return index < 0
  })
}

const extra = (line: string): string => `there is: ${line}`
const missing = (line: string): string => `there is not: ${line}`
