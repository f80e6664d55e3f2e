import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { poolFindings } from '../../../../src/volumes/inspection/pool-findings.ts'
import { readPool, type PoolOnDisk } from '../../../../src/volumes/inspection/pool-on-disk.ts'
import { KnownPools } from '../../../../src/volumes/pool/files/pool-identity.ts'
import { makeWorld, MiB, type World } from '../world.ts'

/** The process id of a driver. */
const DRIVER = 7

describe('findings about a pool whose disk has little space', () => {
  let world: World
  let pool: PoolOnDisk

  beforeEach(async () => {
    world = await makeWorld()
    // It has 16 MiB, and may take all of them.
    await world.create('a')
    const { config, files, mounts, nodeConfig } = world
    pool = await readPool(config, { files, mounts, known: new KnownPools(nodeConfig.knownPoolsPath) })
    leave(8n * MiB)
  })

  afterEach(() => world[Symbol.asyncDispose]())

  function leave(available: bigint): void {
    const total = 1024n * MiB
    const usage = () => Promise.resolve({ bytes: { total, used: total - available, available }, inodes: {} })
    Object.assign(world.files, { usage, keepsBlocks: () => Promise.resolve(true) })
  }

  const reasons = async (driver: number | undefined, on = pool): Promise<string[]> =>
    (await poolFindings(on, driver, world.files)).map(({ reason }) => reason)

  it('say that volumes wait while a driver runs', async () => {
    expect(await reasons(DRIVER)).toEqual(['PoolFull'])
    expect(await reasons(undefined)).not.toContain('PoolFull')
  })

  it('do not say so where writes fail, or all volumes can be filled', async () => {
    const fails = { ...pool, config: { ...pool.config, failsWhenFull: true } }
    expect(await reasons(DRIVER, fails)).not.toContain('PoolFull')
    leave(20n * MiB)
    expect(await reasons(DRIVER)).not.toContain('PoolFull')
  })
})
