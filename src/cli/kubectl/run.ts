import { open, rm, stat } from 'node:fs/promises'
import { writeSparse } from '../../linux/images/write-sparse.ts'
import { formatTable, type Column } from '../terminal/text.ts'
import type { Kubectl } from './kubectl.ts'
import { execArguments, podOfVolume, podOn, volumeIdOf, type NodePod } from './locate.ts'
import type { Plan } from './plan.ts'

export interface Cluster {
  readonly kubectl: Kubectl
  readonly pods: readonly NodePod[]
  /** Of --node. */
  readonly node: string | undefined
  /** Of claims that are given without one. */
  readonly namespace: string | undefined
}

/** @returns the exit code */
export async function runPlan(plan: Plan, cluster: Cluster): Promise<number> {
  switch (plan.where) {
    case 'everywhere':
      return await showTable(plan, cluster)
    case 'each':
      return await runOnEach(plan.words, cluster)
    case 'volumes':
      return await runForVolumes(plan, cluster)
    case 'export':
      return await exportTo(plan, cluster)
    case 'import':
      return await importFrom(plan, cluster)
    case 'node':
      return await cluster.kubectl.start(execArguments(chosenPod(cluster), plan.words), 'inherit').ended
  }
}

/** If a node fails, the others are still shown, and what it has listed before. */
async function showTable(
  { columns, json, words }: Plan & { readonly where: 'everywhere' },
  cluster: Cluster,
): Promise<number> {
  const outcomes = await captureOnEach([...words, '--json'], cluster)
  const rows = outcomes.flatMap((outcome) => rowsOf(outcome).map((row) => ({ node: outcome.node, ...row })))
  const node: Column<{ readonly node: string }> = { head: 'NODE', cell: ({ node }) => node }
  console.log(
    json
      ? JSON.stringify(rows, undefined, 2)
      : formatTable<{ readonly node: string }>([node, ...(columns as readonly Column<object>[])], rows),
  )
  return reportErrors(outcomes)
}

/** A failed command may have printed a list without unreachable pools; a lost connection cuts it off. */
function rowsOf({ code, stdout }: NodeOutcome): object[] {
  try {
    return JSON.parse(stdout) as object[]
  } catch (error) {
    if (code === 0) throw error
    return []
  }
}

async function runOnEach(words: readonly string[], cluster: Cluster): Promise<number> {
  const outcomes = await captureOnEach(words, cluster)
  if (words.includes('--json')) {
    const reports = outcomes.filter(({ stdout }) => stdout !== '')
    const rows = reports.map(({ node, stdout }) => ({ node, ...(JSON.parse(stdout) as object) }))
    console.log(JSON.stringify(rows, undefined, 2))
  } else for (const { node, stdout } of outcomes) console.log(`node ${node}\n${stdout}`)
  return reportErrors(outcomes)
}

async function runForVolumes(
  { references, words }: Plan & { readonly where: 'volumes' },
  cluster: Cluster,
): Promise<number> {
  const { kubectl, namespace, pods } = cluster
  let worst = 0
  for (const position of references) {
    const id = await volumeIdOf(kubectl, words[position] ?? '', namespace)
    const one = words
      .with(position, id)
      .filter((_, index) => index === position || !references.includes(index))
    const code = await kubectl.start(execArguments(podOfVolume(pods, id), one), 'inherit').ended
    worst = Math.max(worst, code)
  }
  return worst
}

/** Writes to a new file of the caller, which is removed after a failure. */
async function exportTo(
  { output, reference }: Plan & { readonly where: 'export' },
  { kubectl, namespace, pods }: Cluster,
): Promise<number> {
  const id = await volumeIdOf(kubectl, reference, namespace)
  const args = execArguments(podOfVolume(pods, id), ['volume', 'export', id, '--output', '-'])
  if (output === '-') return await kubectl.start(args, 'inherit').ended
  await using handle = await open(output, 'wx', 0o600)
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rm(output))
  const { child, ended } = kubectl.start(args, ['ignore', 'pipe', 'inherit'])
  if (!child.stdout) throw new Error('kubectl has no output')
  const writing = writeSparse({ handle, path: output }, child.stdout, () => undefined)
  const [code] = await Promise.all([ended, writing])
  if (code === 0) undo.move()
  return code
}

/**
 * Reads a file of the caller. The command in the pod sees only a stream, so it gets the size as an option.
 */
async function importFrom(
  { input, words }: Plan & { readonly where: 'import' },
  cluster: Cluster,
): Promise<number> {
  const pod = chosenPod(cluster)
  if (input === '-') return await cluster.kubectl.start(execArguments(pod, words, true), 'inherit').ended
  await using file = await open(input, 'r')
  const hasSize = words.some((word) => word.startsWith('--size'))
  const size = hasSize ? [] : ['--size', `${(await stat(input)).size}`]
  const args = execArguments(pod, [...words, ...size], true)
  return await cluster.kubectl.start(args, [file.fd, 'inherit', 'inherit']).ended
}

/** @throws Error when there are several nodes, and none is chosen */
function chosenPod({ node, pods }: Cluster): NodePod {
  if (node !== undefined) return podOn(pods, node)
  const [only, another] = pods
  if (only && !another) return only
  throw new Error(`choose a node: --node ${pods.map(({ node }) => node).join('|')}`)
}

interface NodeOutcome {
  readonly node: string
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function captureOnEach(
  words: readonly string[],
  { kubectl, node, pods }: Cluster,
): Promise<NodeOutcome[]> {
  const chosen = node === undefined ? pods : [podOn(pods, node)]
  const capture = async (pod: NodePod): Promise<NodeOutcome> => {
    if (!pod.isRunning) {
      return { node: pod.node, code: 1, stdout: '', stderr: `pod ${pod.namespace}/${pod.name} does not run` }
    }
    return { node: pod.node, ...(await kubectl.run(execArguments(pod, words))) }
  }
  return await Promise.all(chosen.map(capture))
}

/** @returns the worst exit code */
function reportErrors(outcomes: readonly NodeOutcome[]): number {
  for (const { node, stderr } of outcomes) if (stderr !== '') console.error(`node ${node}: ${stderr.trim()}`)
  return Math.max(0, ...outcomes.map(({ code }) => code))
}
