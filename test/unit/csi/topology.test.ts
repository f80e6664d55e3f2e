import { describe, expect, it } from '@jest/globals'
import { NodeTopology } from '../../../src/csi/topology.ts'

const here = new NodeTopology('loop.csi.local', 'n1')
const key = 'topology.loop.csi.local/node'
const at = (node: string) => ({ segments: { [key]: node } })

describe('NodeTopology', () => {
  it('is one segment with the name of the node', () => {
    expect(here.segments).toEqual({ [key]: 'n1' })
  })

  it.each(['a'.repeat(64), `${'n'.repeat(60)}.example.org`, '-odd-', 'näme'])(
    'makes a label value of %j',
    (nodeId) => {
      const [value = ''] = Object.values(new NodeTopology('loop.csi.local', nodeId).segments)
      expect(value).toMatch(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/)
      expect(value).not.toBe(Object.values(new NodeTopology('loop.csi.local', `${nodeId}x`).segments)[0])
    },
  )

  it.each([
    ['no requirement', null],
    ['an empty one', { requisite: [], preferred: [] }],
    ['this node', { requisite: [at('n1')], preferred: [] }],
    ['this node among others', { requisite: [at('n2'), at('n1')], preferred: [at('n2')] }],
    ['this node preferred', { requisite: [], preferred: [at('n1')] }],
  ])('satisfies %s', (_name, requirement) => {
    expect(() => {
      here.requireWithin(requirement)
    }).not.toThrow()
  })

  it.each([
    ['another node', { requisite: [at('n2')], preferred: [] }],
    ['another key', { requisite: [{ segments: { zone: 'n1' } }], preferred: [] }],
    ['this node in a zone', { requisite: [{ segments: { [key]: 'n1', zone: 'z' } }], preferred: [] }],
    ['an empty term', { requisite: [{ segments: {} }], preferred: [] }],
  ])('makes the CO choose again for %s', (_name, requirement) => {
    expect(() => {
      here.requireWithin(requirement)
    }).toThrow(expect.objectContaining({ kind: 'resource-exhausted' }))
  })
})
