import { describe, expect, it } from '@jest/globals'
import { placementOf } from '../../../src/controller/placement.ts'
import { NodeTopology } from '../../../src/csi/topology.ts'

const nodes = ['w1', 'w2', 'w3'].map((name) => ({ name, topology: new NodeTopology('loop.csi.local', name) }))

const term = (name: string) => ({ segments: { 'topology.loop.csi.local/node': name } })

describe('the nodes on which a volume may be', () => {
  it.each([
    { wish: 'none', preferred: [], requisite: [], expected: [[], ['w1', 'w2', 'w3']] },
    { wish: 'one preferred', preferred: ['w2'], requisite: [], expected: [['w2'], []] },
    {
      wish: 'an order',
      preferred: ['w3', 'w1'],
      requisite: ['w1', 'w2', 'w3'],
      expected: [['w3', 'w1'], ['w2']],
    },
    { wish: 'any of some', preferred: [], requisite: ['w3', 'w2'], expected: [[], ['w3', 'w2']] },
    { wish: 'one that nobody knows', preferred: ['w9'], requisite: ['w9', 'w1'], expected: [[], ['w1']] },
    { wish: 'only what nobody knows', preferred: ['w9'], requisite: ['w9'], expected: [[], []] },
    { wish: 'one twice', preferred: ['w1', 'w1'], requisite: ['w1'], expected: [['w1'], []] },
  ])('$wish', ({ preferred, requisite, expected }) => {
    const placement = placementOf(nodes, { preferred: preferred.map(term), requisite: requisite.map(term) })
    expect([placement.preferred, placement.others].map((some) => some.map(({ name }) => name))).toEqual(
      expected,
    )
  })

  it('are all, when nothing is said', () => {
    expect(placementOf(nodes, null)).toEqual({ preferred: [], others: nodes })
  })

  it('are none by keys that are not ours', () => {
    const zone = { segments: { 'topology.kubernetes.io/zone': 'w1' } }
    expect(placementOf(nodes, { preferred: [], requisite: [zone] })).toEqual({ preferred: [], others: [] })
  })
})
