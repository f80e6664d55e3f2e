import { describe, expect, it } from '@jest/globals'
import { placementOf } from '../../../src/controller/create-volume.ts'
import { NodeTopology } from '../../../src/csi/topology.ts'

const nodes = ['w1', 'w2', 'w3'].map((name) => ({ name, topology: new NodeTopology('loop.csi.local', name) }))

const term = (name: string) => ({ segments: { 'topology.loop.csi.local/node': name } })

describe('the nodes on which a volume may be', () => {
  it.each([
    { wish: 'one preferred', preferred: ['w2'], requisite: [], allowed: ['w2'], chosen: ['w2'] },
    {
      wish: 'an order, of which only the first counts',
      preferred: ['w3', 'w1'],
      requisite: ['w1', 'w2', 'w3'],
      allowed: ['w3', 'w1', 'w2'],
      chosen: ['w3'],
    },
    {
      wish: 'any of some',
      preferred: [],
      requisite: ['w3', 'w2'],
      allowed: ['w3', 'w2'],
      chosen: ['w3', 'w2'],
    },
    {
      wish: 'one that nobody knows',
      preferred: ['w9', 'w1'],
      requisite: ['w9', 'w1'],
      allowed: ['w1'],
      chosen: [],
    },
    { wish: 'one twice', preferred: ['w1', 'w1'], requisite: ['w1'], allowed: ['w1'], chosen: ['w1'] },
  ])('$wish', ({ preferred, requisite, allowed, chosen }) => {
    const placement = placementOf(nodes, { preferred: preferred.map(term), requisite: requisite.map(term) })
    const names = (some: readonly { name: string }[]) => some.map(({ name }) => name)
    expect({ allowed: names(placement.allowed), chosen: names(placement.chosen) }).toEqual({
      allowed,
      chosen,
    })
  })

  it('are all without a requirement', () => {
    expect(placementOf(nodes, null)).toEqual({ allowed: nodes, chosen: nodes })
  })

  it('ignore other keys', () => {
    const zone = { segments: { 'topology.kubernetes.io/zone': 'w1' } }
    expect(placementOf(nodes, { preferred: [], requisite: [zone] })).toEqual({
      allowed: [],
      chosen: [],
    })
  })
})
