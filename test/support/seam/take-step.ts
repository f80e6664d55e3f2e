import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { hasErrno } from '../../../src/volumes/errors.ts'
import { describe } from './names.ts'
import { REACHED, type Order } from './order.ts'

/** The order as a file, in which a driver looks at every step; it is no order when the file is not there. */
const file = process.env['STEPS'] ?? ''
/** The functions of this module's own use are taken before others are put in their place. */
const [exists, read, append] = [existsSync, readFileSync, appendFileSync]

const counts = new Map<string, number>()
let last = ''

/** A driver that may open no more files goes on as it was told. */
function text(): string {
  return unlessOutOfFiles(() => (exists(file) ? read(file, 'utf8') : '')) ?? last
}

function unlessOutOfFiles<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch (error) {
    if (hasErrno(error, 'EMFILE')) return undefined
    throw error
  }
}

function count(name: string): string {
  const number = (counts.get(name) ?? 0) + 1
  counts.set(name, number)
  return `${name} ${number}`
}

/** The number of the order, or of the last one that there was. */
export function orderNumber(): number {
  const now = text()
  return now === '' && last === '' ? 0 : (JSON.parse(now === '' ? last : now) as Order).number
}

/** Counts and logs the step. @returns the order, if there is one for this step */
function take(call: string, objects: readonly string[]): Order | undefined {
  const now = text()
  if (now === '') return undefined
  if (now !== last) counts.clear()
  last = now
  const order = JSON.parse(now) as Order
  const byCall = count(call)
  const byName = objects.length === 0 ? byCall : count(describe(call, objects))
  const isIt = order.step === byCall || order.step === byName
  unlessOutOfFiles(() => {
    append(`${file}.log`, `${byName}\n${isIt ? `${REACHED}\n` : ''}`)
  })
  return isIt ? order : undefined
}

/** What a step is, and how it fails. */
export interface Step {
  readonly call: string
  /** The files, devices or commands that it is about, as the driver names them. */
  readonly objects: readonly string[]
}

/**
 * Takes a step that is over when its function returns.
 * @param fail does what the fault does in the place of the work
 */
export function takeStep<Result>(
  { call, objects }: Step,
  work: () => Result,
  fail: (fault: string) => Result,
): Result {
  const order = take(call, objects)
  if (order?.action === 'kill') die()
  if (order?.action === 'fail') return fail(order.fault)
  try {
    return work()
  } finally {
    if (order?.action === 'kill-after') die()
  }
}

/** As takeStep, for a step that takes its time. */
export async function takeLongStep<Result>(
  { call, objects }: Step,
  work: () => Promise<Result>,
  fail: (fault: string) => Promise<Result>,
): Promise<Result> {
  const order = take(call, objects)
  if (order?.action === 'kill') die()
  if (order?.action === 'fail') return await fail(order.fault)
  for (const held = last; order?.action === 'hold' && text() === held;) await setTimeout(5)
  try {
    return await work()
  } finally {
    if (order?.action === 'kill-after') die()
  }
}

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('SIGKILL comes at once')
}
