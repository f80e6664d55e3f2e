import { setTimeout } from 'node:timers/promises'
import { messageOf } from '../../../src/volumes/model/errors.ts'
import { Besides } from './besides.ts'
import type { Crossing } from './crossing.ts'
import { Judge } from './judge.ts'
import { Operator, isCommand } from './long-operations.ts'
import { isAnswer, outcomeOf, print, type Outcome } from './outcome.ts'
import { Scene } from './scene.ts'
import type { World } from './world.ts'

/** A call that joins a running operation fails with it, and then starts again. */
const REPETITIONS = 3

const LOOK_EVERY_MS = 5

/**
 * Makes one crossing in a world without volumes, and leaves none.
 * @param onEnd gets the outcome
 * @throws Error for what must not be
 */
export async function runCrossing(
  world: World,
  crossing: Crossing,
  onEnd?: (history: readonly string[]) => void,
): Promise<void> {
  const scene = new Scene(world, crossing)
  const operator = new Operator(scene)
  const judge = new Judge(scene, operator)
  try {
    await operator.prepare()
    const outcome = await cross(scene, operator, judge)
    await judge.judgeSources()
    if (outcome.code !== 'OK' && operator.canBeRepeated) await repeat(scene, operator)
    await judge.judgeCopies(outcome)
    await judge.takeAway()
    onEnd?.(scene.history)
  } catch (error) {
    throw new Error(`${messageOf(error)}\n  ${scene.history.join('\n  ')}`, { cause: error })
  }
}

/** Holds the operation, does the rest, and lets it go, or kills it. @returns how it ended */
async function cross(scene: Scene, operator: Operator, judge: Judge): Promise<Outcome> {
  const { caller, crossing, world } = scene
  const { besides: all, end, operation, step } = crossing
  const steps = isCommand(operation) ? world.commandSteps : world.steps
  const besides = new Besides(scene, operator)
  await steps.holdAt(step)
  let isOver = false
  const long = outcomeOf(operator.perform({ signal: caller.signal }))
  void long.then(() => (isOver = true))
  const isHeldOrOver = async (): Promise<boolean> => isOver || (await steps.wasReached())
  while (!(await isHeldOrOver())) await setTimeout(LOOK_EVERY_MS)
  scene.note(`${operation} is held before ${(await steps.reachedStep()) ?? 'none of its steps'}`)
  for (const beside of all) await besides.begin(beside)
  if (end === 'kill') await kill(scene, operator)
  await steps.release()
  const outcome = await scene.inTime(operation, long)
  scene.note(`${operation}: ${print(outcome)}`)
  await besides.callsEnd()
  await world.giveDescriptors()
  // What was abandoned goes on, and is over when the same call is.
  if (caller.signal.aborted) await repeat(scene, operator)
  await judge.requireThawed()
  await besides.end()
  const isAbandoned = outcome.code === 'CANCELLED' && caller.signal.aborted
  if (!isAbandoned && !isAnswer(outcome, scene)) throw new Error(`${operation}: ${print(outcome)}`)
  return outcome
}

async function kill(scene: Scene, operator: Operator): Promise<void> {
  scene.note('kill')
  scene.isBroken = true
  if (isCommand(operator.operation)) operator.killCommand()
  else await scene.world.kill()
}

/** The same call again, until nothing is in its way: it joins what goes on, or finds what is made. */
async function repeat(scene: Scene, operator: Operator): Promise<void> {
  const name = `${operator.operation} again`
  for (let attempt = 1; ; attempt++) {
    const outcome = await scene.inTime(name, outcomeOf(operator.perform()))
    scene.note(`${name}: ${print(outcome)}`)
    if (outcome.code === 'OK' || !operator.canBeRepeated) return
    if (attempt === REPETITIONS) throw new Error(`${name}: ${print(outcome)}`)
  }
}
