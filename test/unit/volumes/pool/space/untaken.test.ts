import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { open, rm } from 'node:fs/promises'
import { measureUntaken } from '../../../../../src/volumes/pool/space/measure.ts'
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
    expect(await world.pool.untaken(100n * MiB)).toBe(16n * MiB)
    {
      await using image = await open(world.catalog.image(volume), 'r+')
      await image.write(Buffer.alloc(Number(MiB), 'x'))
      await image.sync()
    }
    expect(await world.pool.untaken(100n * MiB)).toBe(15n * MiB)
    await rm(world.catalog.image(volume))
    expect(await world.pool.untaken(100n * MiB)).toBe(0n)
  })

  it('is the sum of all, whichever is measured last', async () => {
    const images = { ids: ['fast', 'slow'], image: (id: string) => id }
    const missing = async (id: string): Promise<bigint> => {
      if (id === 'fast') return 3n
      await setTimeout(10)
      return 1n
    }
    const files = Object.assign(world.files, { missing })
    expect(await measureUntaken(world.directory, images, 100n, files)).toBe(4n)
  })

  it('is measured no further than the limit', async () => {
    let measured = 0
    const missing = (): Promise<bigint> => Promise.resolve(++measured % 2 === 0 ? MiB : 0n)
    const images = { ids: Array.from({ length: 1000 }, (_, index) => `${index}`), image: (id: string) => id }
    const files = Object.assign(world.files, { missing })
    expect(await measureUntaken(world.directory, images, 8n * MiB, files)).toBeGreaterThan(8n * MiB)
    expect(measured).toBeLessThan(100)
  })

  it('has no limit where overwriting takes new blocks', async () => {
    Object.assign(world.files, { keepsBlocks: () => Promise.resolve(false) })
    expect(await world.pool.untaken(100n * MiB)).toBeUndefined()
  })
})
