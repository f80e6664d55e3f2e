import { describe, expect, it } from '@jest/globals'
import type { CreateVolumeRequestInit } from '../../../src/csi/generated/csi/v1/CreateVolumeRequest.ts'
import { createVolume } from '../../../src/controller/create-volume.ts'
import type { NodeDirectory } from '../../../src/controller/directory.ts'
import { snapshotIdFor, volumeIdFor } from '../../../src/volumes/ids.ts'
import { KeyedLock } from '../../../src/volumes/keyed-lock.ts'
import { never } from '../volumes/world.ts'
import { clusterOf, createRequest, term, type FakeNode } from './fake-cluster.ts'

const caller = { signal: never, deadline: undefined }

function create(nodes: NodeDirectory, request: CreateVolumeRequestInit, locks = new KeyedLock()) {
  return createVolume(nodes, locks, createRequest(request), caller)
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
  it('on the node with the most room, when nothing is said', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2', 'w3')
    fakes.forEach((fake, index) => (fake.room = [5, 9, 7][index] ?? 0))
    await create(nodes, {})
    expect(owners(fakes)).toEqual(['w2'])
  })

  it('on the preferred node, whatever room others have', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2', 'w3')
    fakes.forEach((fake, index) => (fake.room = [9, 5, 9][index] ?? 0))
    await create(nodes, {
      accessibilityRequirements: { ...within('w1', 'w2', 'w3'), preferred: [term('w2')] },
    })
    expect(owners(fakes)).toEqual(['w2'])
  })

  it('on that of the allowed ones that has the most room', async () => {
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

  it('nowhere else when the preferred one is full: the CO chooses again', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    fakes.slice(0, 1).forEach((fake) => (fake.room = 0))
    const call = create(nodes, { accessibilityRequirements: rather('w1', 'w2') })
    await expect(call).rejects.toMatchObject({ details: 'w1 is full' })
    expect(owners(fakes)).toEqual([])
  })

  it('on the next one, by room, when nothing is preferred and the first has gone away', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    fakes.slice(0, 1).forEach((fake) => (fake.isAway = true))
    await create(nodes, { accessibilityRequirements: within('w1', 'w2') })
    expect(owners(fakes)).toEqual(['w2'])
  })

  it('nowhere, and later, when the preferred one is away', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    fakes.slice(0, 1).forEach((fake) => (fake.isAway = true))
    const call = create(nodes, { accessibilityRequirements: rather('w1', 'w2') })
    await expect(call).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('"w1"'),
    })
  })

  it('nowhere, and later, when nobody knows the preferred one', async () => {
    const { nodes } = clusterOf('w1')
    const call = create(nodes, { accessibilityRequirements: rather('w9', 'w1') })
    await expect(call).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it('nowhere, with the first reason, when all are full', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    for (const fake of fakes) fake.room = 0
    await expect(create(nodes, {})).rejects.toMatchObject({ details: expect.stringMatching(/^w. is full/) })
  })
})

describe('a volume that is there', () => {
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
    const locks = new KeyedLock()
    // Each creation takes some of the room, so that the next choice would be another.
    const both = [
      create(nodes, {}, locks).finally(() => {
        fakes.forEach((fake) => (fake.room = fake.volumes.size ? 1 : 9))
      }),
      create(nodes, {}, locks),
    ]
    const [one, other] = await Promise.all(both)
    expect(one?.volume?.volumeId).toBe(other?.volume?.volumeId)
    expect(owners(fakes)).toHaveLength(1)
  })

  it('takes its name, also where it may not be', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2', 'w3')
    fakes.slice(0, 1).forEach(({ name, volumes }) => volumes.add(volumeIdFor(name, 'a')))
    const call = create(nodes, { accessibilityRequirements: within('w2', 'w3') })
    await expect(call).rejects.toMatchObject({
      kind: 'already-exists',
      message: expect.stringContaining('"w1"'),
    })
  })
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
