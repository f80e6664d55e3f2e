import { expect, it } from '@jest/globals'
import { reportOf } from './report.ts'
import { describeResult, isGood, resultOf } from './results.ts'
import { runsOn } from './runs.ts'

const [run] = runsOn('amd64')
if (!run) throw new Error('there are no runs')

const output = `
way: kernel: 5.10.0-32-amd64
 PASS  test/vm/guest/kernel-ways.test.ts
way: read-only bind mount: bind, remount
Test Suites: 3 passed, 3 total
Tests:       2 skipped, 10 passed, 12 total
`

it('counts the tests of a run, and has its ways', () => {
  const result = resultOf(run, 0, output, '[    0.1] Linux version 5.10')
  expect(result).toMatchObject({ passed: 10, skipped: 2, failed: 0, complaints: [] })
  expect([...result.ways]).toEqual([
    ['kernel', '5.10.0-32-amd64'],
    ['read-only bind mount', 'bind, remount'],
  ])
  expect([describeResult(result), isGood(result)]).toEqual(['10 passed, 2 skipped', true])
})

it.each([
  ['a test that failed', 1, 'Tests:  1 failed, 2 passed, 3 total', '', '2 passed, 1 failed'],
  [
    'a kernel that complained',
    0,
    'Tests: 2 passed, 2 total',
    '[ 3.0] WARNING: CPU: 0',
    '2 passed, 1 complaints of the kernel',
  ],
  ['a guest that ended', undefined, '', 'Kernel panic', 'the guest ended early'],
  ['a command that failed', 2, '', '', 'exit code 2'],
])('is not good with %s', (_, code, text, console, description) => {
  const result = resultOf(run, code, text, console)
  expect([describeResult(result), isGood(result)]).toEqual([description, false])
})

it('is reported side by side', () => {
  const page = reportOf([
    { kernel: '5.10', results: [resultOf(run, 0, output, '')] },
    { kernel: '6.1', results: [] },
  ])
  expect(page).toContain('| run | 5.10.0-32-amd64 | 6.1 |')
  expect(page).toContain('| ways | 10 passed, 2 skipped | – |')
  expect(page).toContain('| read-only bind mount | bind, remount | – |')
})
