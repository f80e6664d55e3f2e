import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Modifier } from '../../../src/volumes/modifier.ts'
import { Stager } from '../../../src/volumes/node/stager.ts'
import { makeWorld, never, writer, type World } from './world.ts'

describe('Modifier', () => {
  let world: World
  let modifier: Modifier

  beforeEach(async () => {
    world = await makeWorld()
    modifier = new Modifier(world)
  })

  afterEach(() => world[Symbol.asyncDispose]())

  it.each(['online', 'periodic'] as const)('never has a thick volume with discard %s', async (discard) => {
    const thick = await world.create('thick', writer, { provisioning: 'thick' })
    const thin = await world.create('thin', writer, { discard })
    for (const [{ id }, changes] of [
      [thick, { discard }],
      [thin, { provisioning: 'thick' }],
    ] as const) {
      await expect(modifier.modify(id, changes, never)).rejects.toMatchObject({ kind: 'invalid-argument' })
      await expect(modifier.modify(id, changes, never)).rejects.toThrow(
        `provisioning "thick" and discard "${discard}" contradict each other`,
      )
    }
    expect(world.catalog.get(thick.id)).toEqual(thick)
    expect(world.catalog.get(thin.id)).toEqual(thin)
    await modifier.modify(thin.id, { provisioning: 'thick', discard: 'none' }, never)
    expect(world.catalog.get(thin.id)).toMatchObject({ provisioning: 'thick', discard: 'none' })
  })

  it('makes nothing thick that is still mounted with discard', async () => {
    const { id } = await world.create('pvc-1', writer, { discard: 'online' })
    const staging = join(world.directory, 'staging')
    await mkdir(staging)
    const stager = new Stager(world.onNode)
    await stager.stage(id, staging, writer, never)
    const changes = { provisioning: 'thick', discard: 'none' } as const
    await expect(modifier.modify(id, changes, never)).rejects.toMatchObject({ kind: 'failed-precondition' })
    await stager.unstage(id, staging, never)
    await modifier.modify(id, changes, never)
  })
})
