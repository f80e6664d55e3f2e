import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { seedOf } from '../model/seed.ts'
import { describeRoot } from '../root.ts'
import { checkPowerCuts, grounds } from './power-cuts.ts'

const cuts = Number(process.env['POWER_CUTS'] ?? 12)
/** The same each time, so that a change is blamed only for what it has done; the soak tries others. */
const seed = seedOf(process.env, 1)

const PATIENCE_MS = 60 * 60_000

describeRoot('a power cut', () => {
  it.each(grounds)(
    `loses nothing that was acknowledged, on $type, pool image: $inPoolImage (MODEL_SEED=${seed} POWER_CUTS=${cuts})`,
    async (ground) => {
      const directory = await mkdtemp(join(tmpdir(), 'csi-loop-power-'))
      try {
        expect(await checkPowerCuts({ ...ground, seed, sequences: 3, cuts, directory })).toBe(cuts)
      } finally {
        await rm(directory, { recursive: true, force: true })
      }
    },
    PATIENCE_MS,
  )
})
