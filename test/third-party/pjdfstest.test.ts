import { describe, expect, it } from '@jest/globals'
import { ended } from './ended.ts'
import { readPjdfstest } from './tools/pjdfstest.ts'

const name = (text: string, width: number): string => text.padEnd(width)
const cases = [
  `${name('unlink::unchanged_ctime_failed::char', 77)} ok`,
  `${name('rename::erofs_named', 72)} skipped`,
  '\tRemounts (allow_remount) are not allowed in the configuration file',
  `${name('mkdir::changed_time_fields_success', 73)} FAILED`,
  '\tTimestamps did not change as expected',
  'Backtrace:',
  '   0: pjdfstest::main::{{closure}}',
  '   1: std::panicking::panic_with_hook',
  `${name('rename::updates_link_parent', 73)} FAILED`,
  '\tassertion `left == right` failed',
  '  left: 1',
  ' right: 3',
  `${name('chown::eloop_final_comp', 77)} ok`,
].join('\n')
const summary = '\nSummary: 2 failed, 1 skipped, 2 passed, 0 expected failures, 5 total\n'

describe('pjdfstest', () => {
  it('has a line for each test case, and the reason below', () => {
    expect(readPjdfstest('all', ended(1, { stdout: `${cases}\n${summary}` }))).toEqual([
      { name: 'unlink::unchanged_ctime_failed::char', outcome: 'passed' },
      {
        name: 'rename::erofs_named',
        outcome: 'skipped',
        detail: 'Remounts (allow_remount) are not allowed in the configuration file',
      },
      {
        name: 'mkdir::changed_time_fields_success',
        outcome: 'failed',
        detail: 'Timestamps did not change as expected',
      },
      {
        name: 'rename::updates_link_parent',
        outcome: 'failed',
        detail: 'assertion `left == right` failed left: 1 right: 3',
      },
      { name: 'chown::eloop_final_comp', outcome: 'passed' },
    ])
  })

  it.each([
    ['that stops half way', cases, 'Error: No space left on device\n', 6],
    ['without a configuration', '', 'Error reading config file: No such file or directory\n', 1],
  ])('%s has failed', (_, stdout, stderr, count) => {
    const results = readPjdfstest('all', ended(1, { stdout, stderr }))
    expect(results).toHaveLength(count)
    expect(results.at(-1)).toEqual({
      name: 'all to its end',
      outcome: 'failed',
      detail: `exit code 1: ${stderr.trim()}`,
    })
  })
})
