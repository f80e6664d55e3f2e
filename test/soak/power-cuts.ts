import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Progress } from '../harness/progress.ts'
import { writeReport } from '../harness/reliability.ts'
import { anySeed, seedOf } from '../model/seed.ts'
import { rules, type Rule } from '../power/cuts.ts'
import { checkPowerCuts, grounds, type Ground } from '../power/power-cuts.ts'

/** Of one workload: enough to come near each of its calls. */
const CUTS_OF_A_WORKLOAD = 40
const SEQUENCES = 6

interface Options {
  readonly cuts: number
  /** A directory on a disk, for the disks. */
  readonly parent: string
  /** Whether what was tried is written into docs/reliability.md. */
  readonly reports: boolean
}

/** How many cuts were tried on each ground, by rule. */
type Tried = Map<Ground, Map<Rule, number>>

/**
 * Cuts the power below drivers that work.
 * @returns true; what is lost is thrown
 */
export async function soakPowerCuts(
  { cuts, parent, reports }: Options,
  progress: Progress,
  signal: AbortSignal,
): Promise<boolean> {
  const since = performance.now()
  const tried: Tried = new Map(grounds.map((ground) => [ground, new Map<Rule, number>()]))
  const firstSeed = seedOf(process.env, anySeed())
  console.log(`MODEL_SEED=${firstSeed}`)
  let done = 0
  for (let workload = 0; done < cuts; workload++) {
    const seed = firstSeed + Math.floor(workload / grounds.length)
    const ground = grounds[workload % grounds.length]
    if (!ground) throw new Error('there are no disks')
    const directory = await mkdtemp(join(parent, 'power-cuts-'))
    try {
      const before = done
      done += await checkPowerCuts({
        ...ground,
        seed,
        sequences: SEQUENCES,
        cuts: Math.min(CUTS_OF_A_WORKLOAD, cuts - done),
        directory,
        onCut: ({ rule }, count) => {
          increase(tried.get(ground), rule)
          progress('power cuts', before + count, cuts)
        },
        signal,
      })
    } catch (error) {
      throw new Error(`MODEL_SEED=${seed}, ${JSON.stringify(ground)}: ${String(error)}`, { cause: error })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
  console.log(`${done} power cuts, nothing lost`)
  if (reports) await writeReport('power-cuts', since, reportOf(tried, firstSeed))
  return true
}

function increase(counts: Map<Rule, number> | undefined, rule: Rule): void {
  counts?.set(rule, (counts.get(rule) ?? 0) + 1)
}

/** Of cuts after which nothing was lost: the first loss ends the run. */
function reportOf(tried: Tried, seed: number): string {
  const rows = [...tried].map(([{ type, inPoolImage }, counts]) => [
    inPoolImage ? `pool image on ${type}` : type,
    ...rules.map((rule) => counts.get(rule) ?? 0),
  ])
  const head = ['disk of the pool', ...rules]
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  const said = `Seed ${seed}. Nothing was lost. Power cuts by what the disk kept of its last writes:`
  return [said, '', ...table].join('\n')
}
