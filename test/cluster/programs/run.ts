import { setTimeout as sleep } from 'node:timers/promises'
import { nodeNames } from '../../e2e/support/cluster.ts'
import { ready } from '../../e2e/support/driver.ts'
import { Namespace } from '../../e2e/support/namespace.ts'
import { inParallel } from '../../harness/in-parallel.ts'
import type { Progress } from '../../harness/progress.ts'
import { eventually } from '../../support/eventually.ts'
import { makeCopy, programOf, recover, removeCopy, type Copy } from './copies.ts'
import { disturb } from './disturbances.ts'
import { planOf, type Round } from './plan.ts'
import { podOf, replicaAt, replicas } from './replicas.ts'
import { loadProgramsImage, startStatefulSet } from './stateful-set.ts'
import { problemsOf, type Expected, type Findings } from './transactions.ts'
import { Writers } from './writers.ts'

/** XFS needs 300 MiB. */
const FIRST_MEBIBYTES = 320
const STEP_MEBIBYTES = 32

/** A pod or a driver that was killed often is started again after five minutes. */
const PATIENCE = { timeoutMs: 900_000, intervalMs: 1000 }

/** What a round has found. */
export interface Outcome extends Expected, Findings {
  readonly round: Round
}

export interface ProgramsResult {
  readonly outcomes: readonly Outcome[]
  /** Transactions of all writers. */
  readonly acknowledged: number
}

interface Options {
  readonly copies: number
  readonly seed: number
}

/**
 * Copies the volumes of databases while they commit, and is disturbed by seed. Every copy must have what was
 * acknowledged before. Leaves nothing of it in the cluster.
 * @throws Error for what a copy or a database has lost
 */
export async function runPrograms(
  { copies, seed }: Options,
  progress: Progress,
  signal: AbortSignal,
): Promise<ProgramsResult> {
  const nodes = await nodeNames()
  if (nodes.length < replicas.length) throw new Error(`the cluster must have ${replicas.length} nodes`)
  await loadProgramsImage()
  await using on = await Namespace.make('programs')
  await startStatefulSet(on, `${FIRST_MEBIBYTES}Mi`)
  await using writers = new Writers(on)
  const run = await Run.start(on, writers)
  const plan = planOf(copies, seed)
  const outcomes: Outcome[] = []
  for (const [index, round] of plan.entries()) {
    signal.throwIfAborted()
    outcomes.push(await run.round(round, `copy-${index}`))
    console.log(lineOf(outcomes.at(-1)))
    progress('copies', outcomes.length, plan.length)
  }
  return { outcomes, acknowledged: writers.acknowledged }
}

class Run {
  readonly #on: Namespace
  readonly #writers: Writers
  /** By replica. Their volumes are local, so they never change. */
  readonly #nodes: readonly string[]
  readonly #mebibytes = replicas.map(() => FIRST_MEBIBYTES)

  private constructor(on: Namespace, writers: Writers, nodes: readonly string[]) {
    this.#on = on
    this.#writers = writers
    this.#nodes = nodes
  }

  static async start(on: Namespace, writers: Writers): Promise<Run> {
    const nodes = await Promise.all(replicas.map((_, replica) => on.nodeOf(podOf(replica))))
    await writers.progress(PATIENCE)
    return new Run(on, writers, nodes)
  }

  async round(round: Round, name: string): Promise<Outcome> {
    const { replica, disturbance, leadMs } = round
    const node = this.#nodes[replica] ?? ''
    const larger = `${(this.#mebibytes[replica] ?? NaN) + STEP_MEBIBYTES}Mi`
    const copy: Copy = { on: this.#on, kind: round.copy, name, replica, node, size: larger }
    let outcome: Outcome | undefined
    const disturbed = async (): Promise<void> => {
      await sleep(Math.max(0, leadMs))
      await disturb(disturbance, { on: this.#on, replica, node, larger })
    }
    const copied = async (): Promise<void> => {
      await sleep(Math.max(0, -leadMs))
      outcome = await this.#checkCopy(copy, round)
    }
    await inParallel([disturbed, copied], 2, (work) => work())
    if (disturbance === 'claims expanded') this.#mebibytes[replica] = parseInt(larger)
    await removeCopy(copy)
    await eventually('the driver is ready', ready, PATIENCE)
    await this.#writers.progress(PATIENCE)
    if (!outcome) throw new Error('there is no copy')
    return outcome
  }

  async #checkCopy(copy: Copy, round: Round): Promise<Outcome> {
    const writer = this.#writers.of(programOf(copy.kind), copy.replica)
    const { acknowledged } = writer
    await makeCopy(copy)
    const { sent } = writer
    const findings = await recover(copy)
    const problems = problemsOf(findings, { acknowledged, sent })
    if (problems.length > 0) throw new Error(`${describeRound(round)}: ${problems.join('; ')}`)
    return { round, acknowledged, sent, ...findings }
  }
}

function describeRound({ copy, replica, disturbance, leadMs }: Round): string {
  const of = `${copy} of ${programOf(copy).name} on ${replicaAt(replica).fsType}`
  return disturbance === 'none' ? of : `${of}, ${disturbance} after ${leadMs} ms`
}

function lineOf(outcome: Outcome | undefined): string {
  if (!outcome) return ''
  const { round, acknowledged, last, isRecovered } = outcome
  const state = isRecovered ? 'recovered' : 'clean'
  return `${describeRound(round)}: ${acknowledged} acknowledged, ${last} in the copy, ${state}`
}
