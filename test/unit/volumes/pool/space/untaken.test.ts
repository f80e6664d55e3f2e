import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { open, rm } from 'node:fs/promises'
import { makeWorld, MiB, type World } from '../../world.ts'

describe('what the volumes of a pool may still take', () => {
  let world: World

  beforeEach(async () => {
    world = await makeWorld()
    Object.assign(world.files, { keepsBlocks: () => Promise.resolve(true) })
  })

  afterEach(async () => {
    await world[Symbol.asyncDispose]()
  })

  it('is what is not allocated of the thin ones', async () => {
    const volume = await world.create('thin')
    await world.create('thick', undefined, { provisioning: 'thick' })
    expect(await world.pool.untaken()).toBe(16n * MiB)
    {
      await using image = await open(world.catalog.image(volume), 'r+')
      await image.write(Buffer.alloc(Number(MiB), 'x'))
      await image.sync()
    }
    expect(await world.pool.untaken()).toBe(15n * MiB)
    await rm(world.catalog.image(volume))
    expect(await world.pool.untaken()).toBe(0n)
  })

  it('has no limit where overwriting takes new blocks', async () => {
    Object.assign(world.files, { keepsBlocks: () => Promise.resolve(false) })
    expect(await world.pool.untaken()).toBeUndefined()
  })
})
