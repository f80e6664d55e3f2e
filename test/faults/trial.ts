import { setTimeout } from 'node:timers/promises'
import { status, type ServiceError } from '@grpc/grpc-js'
import { messageOf } from '../../src/volumes/model/errors.ts'
import { rightCodes } from './codes.ts'
import type { Stage } from './stage.ts'

/** How long a call may take that does not wait for others. */
const STUCK_MS = 60_000

/** How long a step may come behind the answer to the call that it belongs to. */
const LATE_MS = 200

/** How long a command that has outlived its driver may hold a device. */
const OUTLIVED_MS = 10_000

/** What came of one fault at one step. */
export interface Trial {
  /** Undefined when the call did not come to the step this time. */
  readonly outcome: string | undefined
  readonly violations: readonly string[]
}

/** Makes a call fail, checks what it left, repeats it, and undoes it. */
export async function tryFault(stage: Stage, call: string, step: string, fault: string): Promise<Trial> {
  const { play, world } = stage
  const violations: string[] = []
  const require = async (what: string, work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => {
      violations.push(`${what}: ${messageOf(error)}`)
    })
  }
  const requireState = async (what: string, judge: (state: readonly string[]) => string[]): Promise<void> => {
    violations.push(...(await world.complaints(judge)).map((complaint) => `${what}, ${complaint}`))
  }

  const isHarm = (complaint: string): boolean => !play.harmless?.test(complaint)

  await order(stage, step, fault)
  const error = await unstuck(play.run()).then(
    () => undefined,
    (error: unknown) => error as ServiceError,
  )
  const isReached = await wasReached(stage)
  await world.steps.release()
  const isKilled = isReached && fault.startsWith('killed')
  if (isKilled) {
    await world.node.driver.exited
    await world.start()
  } else if (error) {
    violations.push(...whyWrong(call, step, fault, isReached, error, world.node.path))
  }
  violations.push(...(await world.thawed()).map((mount) => `${mount} was left frozen`))
  await requireState('then', (state) => {
    if (isKilled) return stage.whyNotBetween(state).filter((complaint) => !play.midway?.test(complaint))
    if (error && play.isStepwise) return stage.whyNotBetween(state)
    return error ? stage.whyNotBeforeOrAfter(state, play.kept) : stage.whyNotAfter(state).filter(isHarm)
  })
  await require('the other volume', world.requireBystander())
  await require('the call again', isKilled ? patient(() => play.run()) : unstuck(play.run()))
  await requireState('again', (state) => stage.whyNotAfter(state))
  await require('what it did', play.check?.() ?? Promise.resolve())
  await require('undoing it', unstuck(play.undo()))
  await requireState('undone', (state) => stage.whyNotBefore(state))
  const outcome = isKilled ? 'repeatable' : error ? status[error.code] : 'OK'
  return { outcome: isReached ? outcome : undefined, violations }
}

async function order({ world: { steps } }: Stage, step: string, fault: string): Promise<void> {
  if (fault === 'killed before') await steps.killAt(step)
  else if (fault === 'killed after') await steps.killAfter(step)
  else await steps.failAt(step, fault)
}

async function wasReached({ world: { steps } }: Stage): Promise<boolean> {
  const deadline = Date.now() + LATE_MS
  while (!(await steps.wasReached())) {
    if (Date.now() > deadline) return false
    await setTimeout(10)
  }
  return true
}

/** What is wrong with the answer to a call that failed. */
function whyWrong(
  call: string,
  step: string,
  fault: string,
  isReached: boolean,
  error: ServiceError,
  home: string,
): string[] {
  const { code, details } = error
  const answer = `${status[code]}: ${details}`
  if (!isReached) return [`it failed without the fault: ${answer}`]
  const wrong: string[] = []
  if (!rightCodes(call, step, fault).includes(status[code])) wrong.push(`the code is wrong: ${answer}`)
  const namesWhat = details.includes(home) || /\/dev\/loop|(volume|snapshot|group|pool|name) "/.test(details)
  if (!namesWhat) wrong.push(`the message does not say what it is about: ${answer}`)
  return wrong
}

async function unstuck(work: Promise<unknown>): Promise<void> {
  const late = setTimeout(STUCK_MS, undefined, { ref: false }).then(() => {
    throw Object.assign(new Error('it hangs'), { code: status.DEADLINE_EXCEEDED, details: 'it hangs' })
  })
  await Promise.race([work, late])
}

async function patient(call: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + OUTLIVED_MS
  for (;;) {
    try {
      await unstuck(call())
      return
    } catch (error) {
      const isHeld = /attached to|still (open|mounted|being)/.test((error as ServiceError).details)
      if (!isHeld || Date.now() > deadline) throw error
      await setTimeout(50)
    }
  }
}
