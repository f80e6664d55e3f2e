import { expect, it } from '@jest/globals'
import { describeRoot } from '../root.ts'
import { nothing } from '../support/leftovers.ts'
import { TestNode } from '../support/driver.ts'
import { checkModel } from './check.ts'
import { regressions } from './regressions.ts'
import { seedOf } from './seed.ts'
import { runSequence } from './sequence.ts'

const runs = Number(process.env['MODEL_RUNS'] ?? 1000)
/**
 * The same each time, so that a change is blamed only for what it has done; `npm run soak -- --model` tries
 * others.
 */
const seed = seedOf(process.env, 1)

const PATIENCE_MS = 60 * 60_000

describeRoot('the model of CSI', () => {
  it.each(Object.entries(regressions))('explains %s', async (_, steps) => {
    await using node = await TestNode.start()
    await runSequence(node, steps)
    expect(await node.stop()).toEqual(nothing)
  })

  it(
    `explains random calls (MODEL_SEED=${seed} MODEL_RUNS=${runs})`,
    async () => {
      process.stderr.write(`MODEL_SEED=${seed} MODEL_RUNS=${runs}\n`)
      await checkModel({ seed, runs })
    },
    PATIENCE_MS,
  )
})
