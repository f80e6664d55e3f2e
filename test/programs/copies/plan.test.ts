import { describe, expect, it } from '@jest/globals'
import { planOf, type Episode, type Step } from './plan.ts'

const seeds = Array.from({ length: 20 }, (_, seed) => seed)

function copiesOf(episodes: readonly Episode[]): Extract<Step, { do: 'copy' }>[] {
  return episodes.flatMap(({ steps }) => steps).filter((step) => step.do === 'copy')
}

describe('the plan of a run', () => {
  it('is the same for the same seed', () => {
    expect(planOf(7, 9)).toEqual(planOf(7, 9))
    expect(planOf(7, 9)).not.toEqual(planOf(8, 9))
  })

  it.each([1, 2, 3, 20])('has %d copies of each database', (copies) => {
    const made = copiesOf(planOf(1, copies)).map(({ of }) => of)
    expect(made.filter((of) => of === 'postgresql')).toHaveLength(copies)
    expect(made.filter((of) => of === 'sqlite')).toHaveLength(copies)
  })

  it('has each layout on each file system in each pool in twelve episodes', () => {
    for (const seed of seeds) {
      const places = planOf(seed, 24).map(({ fsType, pool, layout }) => `${fsType} ${pool} ${layout}`)
      expect(new Set(places).size).toBe(12)
    }
  })

  it('copies a database on two volumes only as a group', () => {
    for (const seed of seeds)
      for (const episode of planOf(seed, 24)) {
        const kinds = copiesOf([episode]).flatMap(({ of, kind }) => (of === 'postgresql' ? [kind] : []))
        if (episode.layout === 'data and WAL') expect(new Set(kinds)).toEqual(new Set(['group']))
      }
  })

  it('expands no volume that is being cloned', () => {
    const clones = seeds.flatMap((seed) => copiesOf(planOf(seed, 24))).filter(({ kind }) => kind === 'clone')
    expect(clones.map(({ meanwhile }) => meanwhile)).not.toContain('expand')
  })

  it.each(['copy fio', 'move', 'expand', 'kill'] as const)('has in each episode: %s', (what) => {
    for (const { steps } of planOf(3, 8)) expect(steps.map((step) => step.do)).toContain(what)
  })
})
