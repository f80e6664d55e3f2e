import { describe, expect, it } from '@jest/globals'
import { ended } from './ended.ts'
import { readStressNg, readStressors } from './tools/stress-ng.ts'

const head = (name: string): string => `stress-ng: info:  [29014] setting to a 1 second run per stressor
stress-ng: info:  [29014] dispatching hogs: 2 ${name}
`
const done = 'stress-ng: info:  [29014] successful run completed in 1.09s\n'
const skips = (name: string): string => `stress-ng: info:  [29084] ${name}\n`

describe('stress-ng', () => {
  it.each([
    ['passes', 0, done, 'passed', undefined],
    [
      'fails',
      2,
      `stress-ng: fail:  [29015] xattr: fsetxattr succeeded unexpectedly\nstress-ng: error: [29014] process [29015] (xattr) terminated with an error, exit status=2 (stressor failed)\n`,
      'failed',
      'xattr: fsetxattr succeeded unexpectedly',
    ],
    [
      'reports a failure, but ends with 0',
      0,
      `stress-ng: fail:  [29015] xattr: fsetxattr failed\n${done}`,
      'failed',
      'xattr: fsetxattr failed',
    ],
    [
      'is not supported by the file system',
      0,
      skips('verity: verity is not supported on the file system or by the kernel, skipping stress test') +
        done,
      'skipped',
      'verity: verity is not supported on the file system or by the kernel, skipping stress test',
    ],
    [
      'is not supported by the user',
      0,
      skips(
        'binderfs stressor will be skipped, need to be running with CAP_SYS_ADMIN rights for this stressor',
      ),
      'skipped',
      'binderfs stressor will be skipped, need to be running with CAP_SYS_ADMIN rights for this stressor',
    ],
    ['has no resources', 3, done, 'skipped', 'successful run completed in 1.09s'],
    ['is killed', null, '', 'failed', 'exit code null: dispatching hogs: 2 xattr'],
  ] as const)('with a stressor that %s', (_, exitCode, log, outcome, detail) => {
    const expected = { name: 'xattr', outcome, ...(detail === undefined ? {} : { detail }) }
    expect(readStressNg('xattr', ended(exitCode, { stderr: head('xattr') + log }))).toEqual([expected])
  })

  it('with a wrong option has tested nothing', () => {
    const stderr = 'Value 64.0MB is out of range for copy-file-bytes, allowed: 128.0MB .. 8.0EB\n'
    expect(() => readStressNg('copy-file', ended(1, { stderr }))).toThrow('stress-ng copy-file: Value 64.0MB')
  })

  it.each([
    ["class 'io' stressors: aio aiol hdd io-uring\n", ['aio', 'aiol', 'hdd', 'io-uring']],
    ["Unknown class: 'dev', available classes: cpu-cache cpu device\n", []],
  ])('lists the stressors of a class: %j', (text, expected) => {
    expect(readStressors(text)).toEqual(expected)
  })
})
