import { describe, expect, it } from '@jest/globals'
import { capacityOf, roundedDown } from '../../../src/controller/capacity.ts'
import { at } from '../../support/at.ts'
import { never } from '../volumes/world.ts'
import { clusterOf, term } from './fake-cluster.ts'

const MiB = 2 ** 20
const GiB = 2 ** 30

describe('capacity is rounded down', () => {
  it.each([
    [0, 0],
    [MiB - 1, 0],
    [10 * MiB + 5, 10 * MiB],
    [64 * MiB, 64 * MiB],
    [127 * MiB, 64 * MiB],
    [GiB + 1, GiB],
    [GiB + 65 * MiB, GiB + 64 * MiB],
    [100 * GiB + 1, 100 * GiB],
    [103 * GiB, 102 * GiB],
  ])('%d to %d', (bytes, rounded) => {
    expect(roundedDown(`${bytes}`)).toBe(`${rounded}`)
  })

  it('does not change after small writes, so that nothing has to be published', async () => {
    const { nodes, fakes } = clusterOf('n1')
    const node = at(fakes, 0)
    const ask = () =>
      capacityOf(
        nodes,
        { volumeCapabilities: [], parameters: {}, accessibleTopology: term('n1') },
        {
          signal: never,
          deadline: undefined,
        },
      )
    node.room = 50 * GiB + 20 * MiB
    const before = await ask()
    node.room -= 5 * MiB
    expect(await ask()).toEqual(before)
    expect(before).toEqual({
      availableCapacity: `${50 * GiB}`,
      maximumVolumeSize: { value: `${50 * GiB}` },
      minimumVolumeSize: null,
    })
  })
})
