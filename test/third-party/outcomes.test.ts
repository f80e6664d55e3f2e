import { describe, expect, it } from '@jest/globals'
import { compare, worst, type Outcome, type TestResult } from './outcomes.ts'

const result = (outcome: Outcome, name = 'a'): TestResult => ({ name, outcome, detail: `${name} ${outcome}` })

describe('a comparison', () => {
  it.each([
    ['passed', 'passed', 'passed'],
    ['failed', 'failed', 'failed on both'],
    ['skipped', 'skipped', 'skipped'],
    ['failed', 'passed', 'only ours'],
    ['skipped', 'passed', 'only ours'],
    ['failed', 'skipped', 'only ours'],
    ['passed', 'failed', 'only losetup'],
    ['passed', 'skipped', 'only losetup'],
    ['skipped', 'failed', 'only losetup'],
  ] as const)('of %s on ours and %s on losetup is %s', (ours, losetup, verdict) => {
    expect(compare([result(ours)], [result(losetup)])).toMatchObject([{ name: 'a', verdict }])
  })

  it('takes a test that is missing on one side as failed there', () => {
    const [here, there] = [
      [result('passed', 'a'), result('passed', 'b')],
      [result('passed', 'a'), result('passed', 'c')],
    ]
    expect(compare(here, there)).toEqual([
      { name: 'a', verdict: 'passed', detail: 'a passed' },
      { name: 'b', verdict: 'only losetup', detail: 'did not run' },
      { name: 'c', verdict: 'only ours', detail: 'did not run' },
    ])
  })

  it('is with the worst of several runs on losetup', () => {
    const first = [result('passed', 'a'), result('failed', 'b'), result('passed', 'c')]
    const second = [result('failed', 'a'), result('passed', 'b'), result('passed', 'c')]
    expect(worst(first, second).map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'passed'])
  })
})
