import { messageOf } from '../../../src/volumes/model/errors.ts'
import type { Progress } from '../../harness/progress.ts'
import { randomFrom } from '../../support/random.ts'
import { IMAGE_POOL, World, type WorldOptions } from '../support/world.ts'
import { CopyFindings } from './findings.ts'
import { planOf, type Episode } from './plan.ts'
import { Stage } from './stage.ts'
import { Steps } from './steps.ts'

/** Transactions of each client between two steps. */
const PAUSE = 5

/** Sparse. */
const POOL_IMAGE_SIZE = '16Gi'

/**
 * Copies databases while they are written, and checks each copy.
 * @param copies of each kind of database
 * @returns what was tried. @throws Error for the first copy that is not as it must be
 */
export async function tryCopies(
  copies: number,
  seed: number,
  options: WorldOptions,
  progress: Progress,
): Promise<CopyFindings> {
  const findings = new CopyFindings()
  const random = randomFrom(seed)
  await using world = await World.open(options)
  await world.start({ [IMAGE_POOL]: { image: { size: POOL_IMAGE_SIZE } } })
  let done = 0
  for (const episode of planOf(seed, copies)) {
    await runEpisode(world, episode, random, findings, () => {
      progress('copies of databases', ++done, 2 * copies)
    })
  }
  await world.close()
  return findings
}

async function runEpisode(
  world: World,
  episode: Episode,
  random: () => number,
  findings: CopyFindings,
  onCopy: () => void,
): Promise<void> {
  const { number, fsType, pool, layout, journalMode } = episode
  let doing = 'the start'
  try {
    await using stage = await Stage.open(world, episode)
    const steps = new Steps(stage, findings, random)
    for (const [index, step] of episode.steps.entries()) {
      world.signal.throwIfAborted()
      doing = `step ${index} ${JSON.stringify(step)}`
      await stage.advance(PAUSE)
      await steps.take(step, index)
      if (step.do === 'copy') onCopy()
    }
    doing = 'the end'
    await stage.finish()
    findings.happened('fioPasses', stage.fio.passes)
  } catch (error) {
    const where = `episode ${number} (${fsType}, pool ${pool}, ${layout}, ${journalMode})`
    throw new Error(`${where}: ${doing}: ${messageOf(error)}`, { cause: error })
  }
}
