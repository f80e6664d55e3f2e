import { it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { seedOf } from '../seed.ts'
import { checkCrossed } from './check.ts'
import { regressions } from './regressions.ts'
import { runCrossing } from './run.ts'
import { World } from './world.ts'

const runs = Number(process.env['CROSSED_RUNS'] ?? 60)
/**
 * The same each time, so that a change is blamed only for what it has done; `npm run soak -- --crossed` tries
 * others.
 */
const seed = seedOf(process.env, 1)

const PATIENCE_MS = 4 * 60 * 60_000

describeRoot('a long operation that is held open while others run', () => {
  it.each(Object.entries(regressions))(
    'is right and leaves nothing: %s',
    async (_, { copying, crossing }) => {
      await using world = await World.make(copying)
      await runCrossing(world, crossing)
    },
  )

  it(
    `is right and leaves nothing, for random others (MODEL_SEED=${seed} CROSSED_RUNS=${runs})`,
    async () => {
      process.stderr.write(`MODEL_SEED=${seed} CROSSED_RUNS=${runs}\n`)
      await checkCrossed({ seed, runs })
    },
    PATIENCE_MS,
  )
})
