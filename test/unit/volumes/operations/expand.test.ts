import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { expandOnNode } from '../../../../src/volumes/operations/expand.ts'
import { punch } from '../../../support/images.ts'
import { MiB, makeWorld, never, writer, type World } from '../world.ts'

describe('expandOnNode', () => {
  let world: World

  beforeEach(async () => {
    world = await makeWorld()
  })

  afterEach(() => world[Symbol.asyncDispose]())

  it('allocates the blocks of a thick volume again that its file system discarded when it grew', async () => {
    const volume = await world.create('a', writer, { provisioning: 'thick' })
    const { mountPoint } = await world.use(volume)
    const image = world.catalog.image(volume)
    // As ext4 has inode tables zeroed.
    const grow = world.fileSystems.grow.bind(world.fileSystems)
    world.fileSystems.grow = async (...parameters) => {
      await grow(...parameters)
      await punch(image, 17 << 20, 1 << 20)
    }
    const range = { requiredBytes: 32n * MiB, limitBytes: 0n }
    expect(await expandOnNode(world.node, volume.id, mountPoint, range, never)).toMatchObject({
      capacityBytes: 32n * MiB,
    })
    expect((await world.files.size(image)).allocated).toBeGreaterThanOrEqual(32n * MiB)
  })
})
