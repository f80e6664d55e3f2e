import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { hasErrno } from '../../../src/volumes/model/errors.ts'
import { describe } from './names.ts'
import { REACHED, type Order } from './order.ts'

/** The order as a file, in which a driver looks at every step; it is no order when the file is not there. */
const file = process.env['STEPS'] ?? ''
/** The functions of this module's own use are taken before others are put in their place. */
const [close, open, read, stat, write] = [closeSync, openSync, readFileSync, statSync, writeSync]

const counts = new Map<string, number>()
/** The last order that there was, and what its file was known by. */
let order: Order | undefined
let known = ''
let log: number | undefined
/** The step of an order that is about one behind another, which was taken. */
let passed = ''
let behind = 0

/**
 * Asked without opening a file, so that a driver that may open no more can be held and released all the same.
 */
function version(): string {
  const found = stat(file, { bigint: true, throwIfNoEntry: false })
  return found ? `${found.ino} ${found.mtimeNs} ${found.ctimeNs}` : ''
}

/** @returns the text of the order; undefined when it was ended a moment ago */
function readOrder(): string | undefined {
  try {
    return read(file, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** @returns undefined while there is no order */
function current(): Order | undefined {
  const now = version()
  if (now === '') return undefined
  if (now !== known) {
    const text = readOrder()
    if (text === undefined) return undefined
    if (log !== undefined) close(log)
    log = open(`${file}.log`, 'a')
    counts.clear()
    passed = ''
    behind = 0
    order = JSON.parse(text) as Order
    known = now
  }
  return order
}

function count(name: string): string {
  const number = (counts.get(name) ?? 0) + 1
  counts.set(name, number)
  return `${name} ${number}`
}

/** The number of the order, or of the last one that there was. */
export function orderNumber(): number {
  return (current() ?? order)?.number ?? 0
}

/** Whether this is the step that is so far behind another one, which was taken. */
function isBehind(step: string): boolean {
  return passed === step && step.endsWith(` +${++behind}`)
}

/**
 * Counts and logs the step.
 * @param canBeHeld false for a step that is over when its function returns
 * @returns the order, if there is one for this step
 */
function take(call: string, objects: readonly string[], canBeHeld: boolean): Order | undefined {
  const order = current()
  if (!order) return undefined
  const byCall = count(call)
  const byName = objects.length === 0 ? byCall : count(describe(call, objects))
  // The trace is read by a timer: how often depends on the machine's load.
  const isNumbered = canBeHeld && !objects[0]?.endsWith('/trace_pipe')
  const names = isNumbered ? [byCall, byName, count('step')] : [byCall, byName]
  const isIt = names.includes(order.step) || (isNumbered && isBehind(order.step))
  if (names.some((name) => order.step.startsWith(`${name} +`))) passed = order.step
  if (log !== undefined) write(log, `${byName}\n${isIt ? `${REACHED}\n` : ''}`)
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
  const order = take(call, objects, false)
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
  const order = take(call, objects, true)
  if (order?.action === 'kill') die()
  if (order?.action === 'fail') return await fail(order.fault)
  for (const held = known; order?.action === 'hold' && version() === held;) await setTimeout(5)
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
