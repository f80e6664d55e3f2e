import { startAtOnce, type Durations } from '../../e2e/support/at-once.ts'
import { nodeNames } from '../../e2e/support/cluster.ts'
import { getAll, type KubeObject } from '../../e2e/support/kubectl.ts'
import { Namespace } from '../../e2e/support/namespace.ts'
import { claim, ofClaim } from '../../e2e/support/objects.ts'
import { inParallel } from '../../harness/in-parallel.ts'
import type { Progress } from '../../harness/progress.ts'
import { timed } from '../../harness/statistics.ts'
import { eventually } from '../../support/eventually.ts'
import { tallyWarnings, type Event, type Warnings } from './warnings.ts'

const MEBIBYTES = 32
const PATIENCE = { timeoutMs: 3_600_000, intervalMs: 1000 }
/** Pods that are filled at a time. */
const FILLED_AT_ONCE = 4

export interface AtOnceResult {
  readonly count: number
  readonly durations: Durations
  /** From the request until all pods and volumes had gone, in milliseconds. */
  readonly deletedMs: number
  readonly warnings: readonly Warnings[]
}

interface Bound extends KubeObject {
  readonly spec: { readonly claimRef?: { readonly namespace?: string } }
}

/**
 * Creates many claims with a pod each at once, fills each volume, and deletes all of them.
 * @throws Error when one does not get there, or has another size than was asked for
 */
export async function runAtOnce(
  count: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<AtOnceResult> {
  await expectRoom(count)
  await using on = await Namespace.make('at-once')
  const names = Array.from({ length: count }, (_, index) => `at-once-${index}`)
  const claims = names.map((name) => claim(name, { size: `${MEBIBYTES}Mi` }))
  const durations = await start(on, { names, claims, progress })
  signal.throwIfAborted()
  await fill(on, names, progress)
  const deletedMs = await timed(() => deleteAll(on))
  return { count, durations, deletedMs, warnings: await warningsIn(on) }
}

interface Wanted {
  readonly names: readonly string[]
  readonly claims: readonly KubeObject[]
  readonly progress: Progress
}

async function start(on: Namespace, { names, claims, progress }: Wanted): Promise<Durations> {
  let reported = 0
  const onRunning = (pods: number): void => {
    if (pods > reported) progress('running', pods, names.length)
    reported = pods
  }
  try {
    return await startAtOnce(on, { names, volume: ofClaim, claims, onRunning }, PATIENCE)
  } catch (error) {
    const said = (await warningsIn(on)).map(({ reason, message, times }) => `${reason} ×${times}: ${message}`)
    throw new Error(['not all pods run', ...said].join('\n'), { cause: error })
  }
}

async function warningsIn(on: Namespace): Promise<Warnings[]> {
  return tallyWarnings(await on.getAll<Event>('events'))
}

async function fill(on: Namespace, names: readonly string[], progress: Progress): Promise<void> {
  let done = 0
  await inParallel(names, FILLED_AT_ONCE, async (name) => {
    await expectSize(on, name)
    progress('filled', ++done, names.length)
  })
}

/** Its file system says so, and the kernel lets no more be written. */
async function expectSize(on: Namespace, pod: string): Promise<void> {
  const fill = `dd if=/dev/zero of=/data/fill bs=1M count=${MEBIBYTES + 16}`
  const size = "df -k /data | tail -n 1 | awk '{print $2}'"
  const { stdout, stderr } = await on.tryShell(pod, `${size}; ${fill}; rm /data/fill`)
  const kibibytes = Number(stdout.trim())
  const isRight = kibibytes > 0 && kibibytes <= MEBIBYTES * 1024
  if (!isRight || !stderr.includes('No space left on device'))
    throw new Error(`${pod} has another size than ${MEBIBYTES}Mi: df says ${stdout.trim()} KiB; ${stderr}`)
}

async function deleteAll(on: Namespace): Promise<void> {
  await on.kubectl('delete', 'pod,pvc', '--all', '--wait=false')
  await eventually(
    'all pods, claims and volumes are deleted',
    async () => {
      const objects = await on.getAll('pod,pvc')
      const volumes = (await getAll<Bound>('pv')).filter(({ spec }) => spec.claimRef?.namespace === on.name)
      const left = objects.length + volumes.length
      if (left > 0) throw new Error(`there are ${left} objects`)
    },
    PATIENCE,
  )
}

interface Node extends KubeObject {
  readonly status: { readonly allocatable: { readonly pods: string } }
}

/** The kubelet of each node admits a number of pods, 110 by default. */
async function expectRoom(count: number): Promise<void> {
  const nodes = await getAll<Node>('node')
  const limit = nodes.reduce((sum, { status }) => sum + Number(status.allocatable.pods), 0)
  const room = limit - (await getAll('pod', '--all-namespaces')).length
  if (count > room)
    throw new Error(`the nodes ${(await nodeNames()).join(', ')} have room for ${room} pods, not ${count}`)
}
