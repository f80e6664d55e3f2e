import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createSnapshot } from '../../../../../src/volumes/snapshots/snapshots.ts'
import { snapshotIdFor } from '../../../../../src/volumes/model/ids.ts'
import { MiB, makeWorld, never, noLimits, type World } from '../../world.ts'

describe('the space of a pool with snapshots', () => {
  let world: World

  beforeEach(async () => {
    world = await makeWorld({ ...noLimits, sizeBytes: 100n * MiB, overcommit: 1 })
  })

  afterEach(() => world[Symbol.asyncDispose]())

  /** A disk with so much in use, by images of 10 MiB each, with or without shared blocks. */
  function imagine(usedBytes: bigint): void {
    world.files.size = () => Promise.resolve({ logical: 16n * MiB, allocated: 10n * MiB })
    const bytes = { total: 1000n * MiB, used: usedBytes, available: 1000n * MiB - usedBytes }
    world.files.usage = () => Promise.resolve({ bytes, inodes: bytes })
  }

  it.each([
    ['copies', 30n * MiB, 64n * MiB],
    ['clones that share all of their blocks', 10n * MiB, 74n * MiB],
  ])('counts what %s have, and may have to themselves one day', async (_, used, available) => {
    const { id } = await world.create('a')
    imagine(used)
    for (const name of ['s', 't'])
      await createSnapshot(world.node, name, id, { freezeTimeoutMs: 1000 }, never)
    expect(await world.pool.space.available('thin')).toBe(available)
  })
  it('does not reserve the same space for two concurrent snapshots', async () => {
    const volume = await world.create('a')
    imagine(10n * MiB)
    const before = await world.pool.space.available('thin')
    const { pool } = world
    {
      await using _draft = await pool.draftSnapshot(snapshotIdFor('n', 's'), volume)
      expect(await pool.space.available('thin')).toBe(before - 10n * MiB)
    }
    expect(await pool.space.available('thin')).toBe(before)
  })
})
