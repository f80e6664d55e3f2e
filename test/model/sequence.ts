import type { TestNode } from '../support/driver.ts'
import { autocleared, devicesOf, mountsOf } from '../support/leftovers.ts'
import { expectedOutcomes, explain, type Observation } from './explain.ts'
import { kindOf } from './kinds.ts'
import { isPodWork, type Operation, type SnapshotName, type Step } from './operations.ts'
import { empty, snapshotsOf, volumesOf, type State } from './state.ts'
import { Subject } from './subject.ts'

/**
 * Makes the calls of a sequence on a driver that has nothing, and takes away through it what they have made.
 * @throws Error when an outcome, or what is on the machine, is not what the model says
 */
export async function runSequence(node: TestNode, steps: readonly Step[]): Promise<void> {
  const subject = new Subject(node)
  let states: State[] = [empty]
  for (const step of steps) states = await take(node, subject, states, step)
  await requireOnMachine(node, states)
  for (const step of takedown(states)) states = await take(node, subject, states, step)
  await requireOnMachine(node, [empty])
}

async function take(node: TestNode, subject: Subject, states: State[], step: Step): Promise<State[]> {
  if ('restart' in step) {
    await node.driver.end(step.restart)
    await node.start()
    return states
  }
  return await call(subject, states, operationsOf(states, step))
}

/** The calls of a step; none when a pod would work with what it does not have. */
export function operationsOf(
  states: readonly State[],
  step: Exclude<Step, { readonly restart: unknown }>,
): readonly Operation[] {
  const operations = 'pair' in step ? step.pair : [step]
  return operations.every((operation) => isPossible(states, operation)) ? operations : []
}

/**
 * Makes calls at the same time.
 * @returns what can be afterwards
 * @throws Error when the model cannot explain an outcome
 */
export async function call(
  subject: Subject,
  states: State[],
  operations: readonly Operation[],
): Promise<State[]> {
  if (operations.length === 0) return states
  const observations = await Promise.all(
    operations.map(async (operation) => ({ operation, outcome: await subject.perform(operation) })),
  )
  const after = explain(states, observations)
  if (after.length === 0) throw deviation(states, observations)
  return after
}

/** A pod works with what it has only, and the kubelet expands on a node what a pod uses there. */
function isPossible(states: readonly State[], operation: Operation): boolean {
  if (!isPodWork(operation) && operation.call !== 'nodeExpand') return true
  const { volume } = operation as Extract<Operation, { readonly call: 'read' }>
  return states.every(({ volumes }) => volumes[volume]?.isPublished)
}

function deviation(states: readonly State[], observations: readonly Observation[]): Error {
  const lines = observations.map(({ operation, outcome }) => {
    const expected = expectedOutcomes(states, operation).join(' or ')
    return `${JSON.stringify(operation)}: ${outcome}, where the model says ${expected}`
  })
  const before = states.map((state) => JSON.stringify(state)).join(' or ')
  return new Error(`${lines.join('; at the same time ')}. Before: ${before}`)
}

/** As the CO ends all of it; the calls for what is not there in one of the possible states do no harm. */
function takedown(states: readonly State[]): Step[] {
  const volumes = new Set(states.flatMap((state) => volumesOf(state).map(([name]) => name)))
  const snapshots = new Set(states.flatMap((state) => snapshotsOf(state).map(([name]) => name)))
  return [
    ...[...volumes].flatMap((volume): Step[] => [
      { call: 'read', volume },
      { call: 'unpublish', volume },
      { call: 'unstage', volume },
      { call: 'delete', volume },
    ]),
    ...[...snapshots].map(deletionOf),
    { call: 'listVolumes' },
    { call: 'listSnapshots' },
  ]
}

/** A member goes with its group only. */
function deletionOf(snapshot: SnapshotName): Operation {
  if (!snapshot.includes('-member-')) return { call: 'deleteSnapshot', snapshot }
  return { call: 'deleteGroup', kind: kindOf(snapshot) }
}

/** @throws Error unless devices, mounts and files are as many as one of the states has */
async function requireOnMachine(node: TestNode, states: readonly State[]): Promise<void> {
  await autocleared(node.path)
  const devices = await devicesOf(node.path)
  const mounts = await mountsOf(node.path, devices)
  const volumes = (await node.files()).filter(isVisible)
  const snapshots = (await node.files('default', 'snapshots')).filter(isVisible)
  const found = [devices.size, mounts.length, volumes.length, snapshots.length].join()
  if (states.some((state) => onMachine(state).join() === found)) return
  const all = [...devices.keys(), ...mounts.map(({ target }) => target), ...volumes, ...snapshots].join('; ')
  throw new Error(
    `there are ${found} devices, mounts, volumes and snapshots (${all}), where the model has ${states.map((state) => onMachine(state).join()).join(' or ')}`,
  )
}

/** What is deleted is renamed, and its blocks are freed later. */
function isVisible(file: string): boolean {
  return !file.startsWith('.')
}

function onMachine(state: State): number[] {
  const volumes = volumesOf(state)
  const staged = volumes.filter(([, { isStaged }]) => isStaged)
  const mounted = staged.filter(([name]) => name.startsWith('ext4'))
  const published = volumes.filter(([, { isPublished }]) => isPublished)
  const snapshots = snapshotsOf(state)
  return [staged.length, mounted.length + published.length, volumes.length, snapshots.length]
}
