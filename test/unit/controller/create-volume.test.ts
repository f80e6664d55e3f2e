import { describe, expect, it } from '@jest/globals'
import { Attempts, createVolume } from '../../../src/controller/create-volume.ts'
import type { NodeDirectory } from '../../../src/controller/directory.ts'
import type { CreateVolumeRequestInit } from '../../../src/csi/generated/csi/v1/CreateVolumeRequest.ts'
import { KeyedLock } from '../../../src/volumes/concurrency/keyed-lock.ts'
import { snapshotIdFor, volumeIdFor } from '../../../src/volumes/model/ids.ts'
import { never } from '../volumes/world.ts'
import { clusterOf, createRequest, term, type FakeNode } from './fake-cluster.ts'

const caller = { signal: never, deadline: undefined }

function create(nodes: NodeDirectory, request: CreateVolumeRequestInit, memory = newMemory()) {
  return createVolume({ nodes, ...memory }, createRequest(request), caller)
}

/** What a router keeps from one call to the next. */
function newMemory(forPods?: ReadonlySet<string>) {
  return { locks: new KeyedLock(), attempts: new Attempts(), nodesForPods: () => Promise.resolve(forPods) }
}

/** The names of the nodes that have made a volume. */
function owners(fakes: readonly FakeNode[]): string[] {
  return fakes.filter(({ volumes }) => volumes.size > 0).map(({ name }) => name)
}

const within = (...requisite: string[]) => ({ requisite: requisite.map(term), preferred: [] })
const rather = (...preferred: string[]) => ({
  requisite: preferred.map(term),
  preferred: preferred.map(term),
})

describe('a new volume is made', () => {
  it('on the node with the largest capacity, without a requirement', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2', 'w3')
    fakes.forEach((fake, index) => (fake.room = [5, 9, 7][index] ?? 0))
    await create(nodes, {})
    expect(owners(fakes)).toEqual(['w2'])
  })

  it('where ordinary pods can be scheduled, even if other nodes have more capacity', async () => {
    const { nodes, fakes } = clusterOf('control-plane', 'w1', 'w2')
    fakes.forEach((fake, index) => (fake.room = [9, 5, 7][index] ?? 0))
    await create(nodes, {}, newMemory(new Set(['w1', 'w2'])))
    expect(owners(fakes)).toEqual(['w2'])
  })

  it.each([
    ['the nodes for pods have no room', {}],
    ['the topology names them only', { accessibilityRequirements: within('control-plane', 'cordoned') }],
  ])('on other nodes where %s', async (_, wishes) => {
    const { nodes, fakes } = clusterOf('control-plane', 'cordoned', 'w1')
    fakes.forEach((fake, index) => (fake.room = [9, 5, 0][index] ?? 0))
    await create(nodes, wishes, newMemory(new Set(['w1'])))
    expect(owners(fakes)).toEqual(['control-plane'])
  })

  it("on the preferred node, independent of the others' capacity", async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2', 'w3')
    fakes.forEach((fake, index) => (fake.room = [9, 5, 9][index] ?? 0))
    await create(nodes, {
      accessibilityRequirements: { ...within('w1', 'w2', 'w3'), preferred: [term('w2')] },
    })
    expect(owners(fakes)).toEqual(['w2'])
  })

  it('on the allowed one with the largest capacity', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2', 'w3')
    fakes.forEach((fake, index) => (fake.room = [5, 7, 9][index] ?? 0))
    await create(nodes, { accessibilityRequirements: within('w1', 'w2') })
    expect(owners(fakes)).toEqual(['w2'])
  })

  it('with one call where there is one choice', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    await create(nodes, { accessibilityRequirements: rather('w1') })
    expect(fakes.map(({ calls }) => calls)).toEqual([['createVolume'], []])
  })

  it('on no other when the preferred one is full: the CO chooses again', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    fakes.slice(0, 1).forEach((fake) => (fake.room = 0))
    const call = create(nodes, { accessibilityRequirements: rather('w1', 'w2') })
    await expect(call).rejects.toMatchObject({ details: 'w1 is full' })
    expect(owners(fakes)).toEqual([])
  })

  it('on the one with the next largest capacity, without a preference, when the first is unreachable', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    fakes.slice(0, 1).forEach((fake) => (fake.isAway = true))
    await create(nodes, { accessibilityRequirements: within('w1', 'w2') })
    expect(owners(fakes)).toEqual(['w2'])
  })

  it('on no node, but in a later call, when the preferred one is unreachable', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    fakes.slice(0, 1).forEach((fake) => (fake.isAway = true))
    const call = create(nodes, { accessibilityRequirements: rather('w1', 'w2') })
    await expect(call).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('"w1"'),
    })
  })

  it('on no node, but in a later call, when the preferred one is unknown', async () => {
    const { nodes } = clusterOf('w1')
    const call = create(nodes, { accessibilityRequirements: rather('w9', 'w1') })
    await expect(call).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it('on no node, with the first reason, when all are full', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    for (const fake of fakes) fake.room = 0
    await expect(create(nodes, {})).rejects.toMatchObject({ details: expect.stringMatching(/^w. is full/) })
  })
})

describe('a node with a wrong name in --nodes', () => {
  it.each([
    ['no requirement', {}],
    ['a requirement that it is part of', { accessibilityRequirements: within('w1', 'w9') }],
  ])('creates no volume, with %s: the id would be of no known node', async (_, wish) => {
    const { nodes, fakes } = clusterOf('w1')
    nodes.update([{ name: 'w9', address: 'w1' }])
    await expect(create(nodes, wish)).rejects.toThrow('this node is w1')
    expect(owners(fakes)).toEqual([])
  })

  it('does not keep the others from creating it', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    fakes.slice(1).forEach((fake) => (fake.room = 200))
    nodes.update([
      { name: 'w1', address: 'w1' },
      { name: 'w9', address: 'w2' },
    ])
    await create(nodes, {})
    expect(owners(fakes)).toEqual(['w1'])
  })
})

describe('an existing volume', () => {
  it('is found on its node, also when another has more room by now', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    const [first, second] = fakes
    if (first && second) second.room = 200
    await create(nodes, {})
    if (second) second.room = 1
    const { volume } = await create(nodes, {})
    expect(volume?.volumeId).toBe(volumeIdFor('w2', 'a'))
    expect(owners(fakes)).toEqual(['w2'])
  })

  it('is one, when it is asked for twice at once', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2', 'w3')
    const memory = newMemory()
    // Each creation takes some of the room, so that the next choice would be another.
    const both = [
      create(nodes, {}, memory).finally(() => {
        fakes.forEach((fake) => (fake.room = fake.volumes.size ? 1 : 9))
      }),
      create(nodes, {}, memory),
    ]
    const [one, other] = await Promise.all(both)
    expect(one?.volume?.volumeId).toBe(other?.volume?.volumeId)
    expect(owners(fakes)).toHaveLength(1)
  })

  it('accepts its name, also where it is not allowed', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2', 'w3')
    fakes.slice(0, 1).forEach(({ name, volumes }) => volumes.add(volumeIdFor(name, 'a')))
    const call = create(nodes, { accessibilityRequirements: within('w2', 'w3') })
    await expect(call).rejects.toMatchObject({
      kind: 'already-exists',
      message: expect.stringContaining('"w1"'),
    })
  })
})

describe('a node that is connected but does not answer', () => {
  const mute = (...names: string[]) => {
    const cluster = clusterOf(...names)
    const [first] = cluster.fakes
    if (!first) throw new Error('a node was asked for')
    return { ...cluster, first }
  }

  it('is skipped', async () => {
    const { nodes, fakes, first } = mute('w1', 'w2')
    first.isMute = true
    await create(nodes, {})
    expect(owners(fakes)).toEqual(['w2'])
  })

  it('is named when all others are full', async () => {
    const { nodes, fakes, first } = mute('w1', 'w2')
    first.isMute = true
    for (const fake of fakes) fake.room = 0
    await expect(create(nodes, {})).rejects.toMatchObject({
      kind: 'resource-exhausted',
      message: expect.stringMatching(/^w2 is full.*"w1"/),
    })
  })

  it('is waited for when it may have created the volume: there are never two of one name', async () => {
    const { nodes, fakes, first } = mute('w1', 'w2')
    const memory = newMemory()
    first.room = 200
    first.losesCreations = true
    await expect(create(nodes, {}, memory)).rejects.toMatchObject({ kind: 'unavailable' })
    first.losesCreations = false
    first.isMute = true
    for (const wish of [{}, { accessibilityRequirements: rather('w2') }])
      await expect(create(nodes, wish, memory)).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('"w1"'),
      })
    first.isMute = false
    const { volume } = await create(nodes, {}, memory)
    expect(volume?.volumeId).toBe(volumeIdFor('w1', 'a'))
    expect(owners(fakes)).toEqual(['w1'])
  })

  it('is waited for when it has created the volume, and the CO repeats the call', async () => {
    const { nodes, fakes, first } = mute('w1', 'w2')
    const memory = newMemory()
    first.room = 200
    await create(nodes, {}, memory)
    first.isMute = true
    await expect(create(nodes, {}, memory)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(owners(fakes)).toEqual(['w1'])
  })

  it('does not count for a name that it has refused', async () => {
    const { nodes, fakes, first } = mute('w1', 'w2')
    const memory = newMemory()
    first.room = 0
    const refused = create(nodes, { accessibilityRequirements: rather('w1') }, memory)
    await expect(refused).rejects.toMatchObject({ details: 'w1 is full' })
    first.isMute = true
    await create(nodes, { accessibilityRequirements: rather('w2') }, memory)
    expect(owners(fakes)).toEqual(['w2'])
  })
})

it('a node that failed to create the volume comes last when the CO repeats the call', async () => {
  const { nodes, fakes } = clusterOf('w1', 'w2')
  const [first] = fakes
  const memory = newMemory()
  if (first) Object.assign(first, { room: 200, failsToCreate: true })
  await expect(create(nodes, {}, memory)).rejects.toMatchObject({ kind: 'unavailable' })
  await create(nodes, {}, memory)
  expect(owners(fakes)).toEqual(['w2'])
})

describe('a copy', () => {
  const volumeContentSource = {
    snapshot: { snapshotId: snapshotIdFor('w2', 's') },
    type: 'snapshot',
  } as const

  it('is made on the node of its source', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    await create(nodes, { volumeContentSource })
    await create(nodes, { volumeContentSource, accessibilityRequirements: rather('w1', 'w2') })
    expect(owners(fakes)).toEqual(['w2'])
  })

  it('is refused elsewhere, so that the CO tries that node', async () => {
    const { nodes } = clusterOf('w1', 'w2')
    const call = create(nodes, { volumeContentSource, accessibilityRequirements: rather('w1') })
    await expect(call).rejects.toMatchObject({
      kind: 'resource-exhausted',
      message: expect.stringContaining('"w2"'),
    })
  })

  it('waits for the node of its source', async () => {
    const { nodes } = clusterOf('w1')
    await expect(create(nodes, { volumeContentSource })).rejects.toMatchObject({ kind: 'unavailable' })
  })
})
