import { expect, it } from '@jest/globals'
import { seedOf } from '../model/seed.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { checkPowerCuts, grounds } from './power-cuts.ts'

const cuts = Number(process.env['POWER_CUTS'] ?? 12)
/** The same each time, so that a change is blamed only for what it has done; the soak tries others. */
const seed = seedOf(process.env, 1)

const PATIENCE_MS = 60 * 60_000

describeRoot('a power cut', () => {
  it.each(grounds)(
    `loses nothing that was acknowledged, on $type, pool image: $inPoolImage (MODEL_SEED=${seed} POWER_CUTS=${cuts})`,
    async (ground) => {
      await using scratch = await Scratch.make()
      const options = { seed, sequences: 3, cuts, directory: scratch.path }
      expect(await checkPowerCuts({ ...ground, ...options })).toBe(cuts)
    },
    PATIENCE_MS,
  )
})
