import { describe, expect, it } from '@jest/globals'
import { troubled } from './cluster/behaviour.ts'
import { Listed } from './cluster/listed.ts'
import { homeOf, idOfVolume, nameOfNode, volumesOn } from './cluster/shape.ts'
import { parse } from './command.ts'
import { judge, type Growth } from './growth.ts'
import { bar } from './growth-plot.ts'
import { allSizes, largest, sizesOf } from './router/router.ts'

describe('the growth of a figure', () => {
  const sizes = { what: 'x', axis: 'nodes', from: 10, to: 200 }

  it.each<[Growth, number, boolean]>([
    ['constant', 1, true],
    ['constant', 3, true],
    ['constant', 4, false],
    ['linear', 20, true],
    ['linear', 41, false],
    ['constant', NaN, false],
  ])('%s, of %d times', (growth, ratio, passed) => {
    expect(judge({ ...sizes, growth, before: 1, after: ratio }).passed).toBe(passed)
  })

  it.each([
    [0.5, 20, 0],
    [1, 20, 0],
    [Math.sqrt(20), 20, 20],
    [20, 20, 40],
    [400, 20, 40],
    [NaN, 20, 0],
    [5, 1, 0],
  ])('of %d times, where %d would be linear, is a bar of %d', (ratio, most, length) => {
    expect(bar(ratio, most)).toHaveLength(length)
  })
})

describe('a simulated cluster', () => {
  const shape = { nodes: 3, volumes: 8, persistentVolumes: 20 }

  it('has each volume on one node', () => {
    const homes = [0, 1, 2].map((node) => volumesOn(node, shape))
    expect(homes.map(({ length }) => length)).toEqual([3, 3, 2])
    expect(new Set(homes.flat()).size).toBe(8)
    expect(homeOf(7, shape)).toBe(nameOfNode(1))
    expect(idOfVolume(7, shape)).not.toBe(idOfVolume(8, shape))
  })

  it.each([5, 20, 200])('of %d nodes has each trouble, and nodes that are well', (nodes) => {
    const each = Math.max(1, nodes / 20)
    const behaviours = Map.groupBy(troubled(nodes), (behaviour) => behaviour)
    const counts = [...behaviours].map(([behaviour, { length }]) => [behaviour, length])
    const expected = { slow: each, mute: each, stopped: each, away: each, well: nodes - 4 * each }
    expect(Object.fromEntries(counts)).toEqual(expected)
  })

  it('lists its objects by id, page by page, also while they change', () => {
    const listed = new Listed<{ id: string }>()
    const ids = (after: string, limit = 9) => listed.list(after, limit).map(({ id }) => id)
    for (const id of ['c', 'a', 'e']) listed.set({ id })
    expect(ids('')).toEqual(['a', 'c', 'e'])
    listed.set({ id: 'b' })
    listed.set({ id: 'b' })
    listed.delete('c')
    listed.delete('x')
    expect(ids('')).toEqual(['a', 'b', 'e'])
    expect(ids('a', 1)).toEqual(['b'])
    expect(ids('c')).toEqual(['e'])
    expect(listed.get('e')).toEqual({ id: 'e' })
    expect(listed.size).toBe(3)
  })
})

describe('the sizes of a run', () => {
  it('are compared by nodes and by volumes', () => {
    const options = { volumes: 1000, persistentVolumes: 2000, rounds: 1, driver: '' }
    const sizes = sizesOf({ ...options, nodes: [5, 50] })
    expect(allSizes(sizes).map(({ name }) => name)).toEqual([
      '50 nodes, 100 volumes',
      '5 nodes, 1000 volumes',
      '50 nodes, 1000 volumes',
    ])
    expect(largest(sizes).shape).toEqual({ nodes: 50, volumes: 1000, persistentVolumes: 2000 })
  })

  it('are ascending numbers of nodes', () => {
    expect(parse(['--nodes', '50,5,50'])).toMatchObject({ nodes: [5, 50] })
  })

  it.each([
    ['without a number', ['--nodes', '5,x'], /--nodes must be a whole number/],
    ['with too few nodes', ['--nodes', '1,4'], /--nodes must have one number of at least 5/],
    ['with volumes without a PersistentVolume', ['--volumes', '9', '--persistent-volumes', '8'], /at least/],
  ])('are refused %s', (_, args, message) => {
    expect(() => parse(args)).toThrow(message)
  })
})
