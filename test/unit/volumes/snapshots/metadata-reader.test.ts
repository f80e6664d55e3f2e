import { open } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createSnapshot, deleteSnapshot } from '../../../../src/volumes/snapshots/snapshots.ts'
import { MetadataReader } from '../../../../src/volumes/snapshots/metadata-reader.ts'
import { parseSnapshotParameters } from '../../../../src/volumes/model/parameters.ts'
import { block, makeWorld, never, type World } from '../world.ts'

const BLOCK = 4096n
const query = { startingOffset: 0n, maxResults: 1 }
/** Every other block of the first eight. */
const extents = [0n, 2n, 4n, 6n].map((index) => ({ offset: index * BLOCK, length: BLOCK }))

describe('MetadataReader', () => {
  let world: World
  let reader: MetadataReader
  let id: string

  beforeEach(async () => {
    world = await makeWorld()
    reader = new MetadataReader(world.catalog, world.copier)
    const volume = await world.create('pvc-1', block)
    await using image = await open(world.catalog.image(volume), 'r+')
    for (const { offset, length } of extents) {
      await image.write(Buffer.alloc(Number(length), 1), 0, Number(length), Number(offset))
    }
    await image.sync()
    id = (await createSnapshot(world.node, 'snap', volume.id, parseSnapshotParameters({}), never)).id
  })

  afterEach(() => world[Symbol.asyncDispose]())

  it('lists data, and continues when the snapshot is deleted meanwhile', async () => {
    const { pages } = reader.allocated(id, query, never)
    const found = []
    for await (const page of pages) {
      if (found.length === 0) await deleteSnapshot(world.node, id, never)
      found.push(...page)
    }
    expect(found).toEqual(extents)
  })

  it.each(['allocated', 'delta'] as const)(
    'has no %s of what is deleted before it is read',
    async (which) => {
      const { pages } =
        which === 'allocated' ? reader.allocated(id, query, never) : reader.delta(id, id, query, never)
      await deleteSnapshot(world.node, id, never)
      await expect(Array.fromAsync(pages)).rejects.toMatchObject({ kind: 'not-found' })
    },
  )

  it('ends when it is cancelled', async () => {
    const { pages } = reader.allocated(id, query, AbortSignal.abort(new Error('gone')))
    await expect(Array.fromAsync(pages)).rejects.toThrow('gone')
  })
})
