import { describe, expect, it } from '@jest/globals'
import { ended } from './ended.ts'
import { readPjdfstest } from './tools/pjdfstest.ts'

const line = (name: string, word: string): string => `${name.padEnd(72)} ${word}`
const summary = '\nSummary: 1 failed, 1 skipped, 2 passed, 0 expected failures, 4 total\n'
const cases = [
  line('chmod::change_perm::regular', 'ok'),
  line('chmod::erofs_named', 'skipped'),
  '\trequires features: chflags',
  '\tRemounts (allow_remount) are not allowed in the configuration file',
  line('utimensat::y2038', 'FAILED'),
  '\tassertion `left == right` failed',
  '  left: 1',
  ' right: 2',
  line('utimensat::nanosecond', 'ok'),
].join('\n')

describe('pjdfstest', () => {
  it('has a line for each test case, and the reason below', () => {
    expect(readPjdfstest(ended(1, { stdout: `${cases}\n${summary}` }))).toEqual([
      { name: 'chmod::change_perm::regular', outcome: 'passed' },
      {
        name: 'chmod::erofs_named',
        outcome: 'skipped',
        detail:
          'requires features: chflags Remounts (allow_remount) are not allowed in the configuration file',
      },
      {
        name: 'utimensat::y2038',
        outcome: 'failed',
        detail: 'assertion `left == right` failed left: 1 right: 2',
      },
      { name: 'utimensat::nanosecond', outcome: 'passed' },
    ])
  })

  it.each([
    ['that stops half way', cases, 'Error: No space left on device\n', 5],
    ['without a configuration', '', 'Error reading config file: No such file or directory\n', 1],
  ])('%s has failed', (_, stdout, stderr, count) => {
    const results = readPjdfstest(ended(1, { stdout, stderr }))
    expect(results).toHaveLength(count)
    expect(results.at(-1)).toEqual({
      name: 'pjdfstest to its end',
      outcome: 'failed',
      detail: `exit code 1: ${stderr.trim()}`,
    })
  })
})
