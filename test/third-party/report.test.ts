import { expect, test } from '@jest/globals'
import type { Comparison, Verdict } from './outcomes.ts'
import { reportOf } from './report.ts'
import { dbench } from './tools/dbench.ts'
import { fio } from './tools/fio.ts'

const found = (...all: [name: string, verdict: Verdict][]): Comparison[] =>
  all.map(([name, verdict]) => ({ name, verdict, detail: `detail of ${name}` }))

test('the report counts tests by tool and kind, and lists those that have failed', () => {
  const report = reportOf(
    [
      {
        tool: fio,
        kind: 'ext4',
        comparisons: found(['a', 'passed'], ['b', 'failed on both'], ['c', 'skipped']),
      },
      { tool: fio, kind: 'block', comparisons: found(['a', 'only losetup'], ['b', 'failed on both']) },
      { tool: dbench, kind: 'xfs', comparisons: found(['d', 'only ours']) },
    ],
    new Map([['fio', '3.33-3']]),
    2,
  )
  expect(report).toContain('has run for 2 s')
  expect(report).toContain(
    [
      '| tool | ext4 | xfs | btrfs | raw block |',
      '| --- | --- | --- | --- | --- |',
      '| fio 3.33-3 | 1 / 1 / 0 |  |  | 1 / 1 / 0 |',
      '| dbench |  | 0 / 0 / 1 |  |  |',
    ].join('\n'),
  )
  expect(report).toContain('- fio `b`: unexplained: detail of b (ext4, raw block)')
  expect(report).toContain('- dbench `d`: unexplained: detail of d (xfs)')
  expect(report).toContain('- fio `a`: unexplained: detail of a (raw block)')
})
