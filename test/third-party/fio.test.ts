import { expect, test } from '@jest/globals'
import { ended } from './ended.ts'
import { readFio } from './tools/fio.ts'

const report = (...errors: number[]): string => `{
  "fio version" : "fio-3.33",
  "timestamp" : 1796066324,
  "jobs" : [${errors.map((error, index) => `{ "jobname" : "job-${index}", "groupid" : 0, "error" : ${error} }`).join()}]
}
`
const verifyFailed = `crc32c: verify failed at file /mnt/file offset 299008, length 4096 (requested block: offset=299008, length=4096, flags=88)
       Expected CRC: 27f06ce4
       Received CRC: 7fd4dee3
fio: pid=6466, err=84/file:io_u.c:2190, func=io_u_queued_complete, error=Invalid or incomplete multibyte or wide character
`
const badHeader = `verify: bad header rand_seed 9148484, wanted 1187 at file /mnt/file offset 4096, length 4096
`

test.each([
  ['one good job', 0, report(0), '', 'passed', undefined],
  [
    'several, with a note before the report',
    0,
    `note: both iodepth >= 1\n${report(0, 0)}`,
    '',
    'passed',
    undefined,
  ],
  [
    'a wrong block',
    1,
    report(0, 84),
    verifyFailed,
    'failed',
    `exit code 1: job job-1, error 84: ${verifyFailed.split('\n')[0]}`,
  ],
  [
    'a wrong block, though it ends with 0',
    0,
    report(0),
    badHeader,
    'failed',
    `exit code 0: ${badHeader.trim()}`,
  ],
  ['a job that has failed', 0, report(28), '', 'failed', 'exit code 0: job job-0, error 28: '],
  [
    'no report',
    null,
    '',
    'fio: terminating on signal 9\n',
    'failed',
    'exit code null: fio: terminating on signal 9',
  ],
] as const)('fio with %s', (_, exitCode, stdout, stderr, outcome, detail) => {
  const expected = { name: 'write', outcome, ...(detail === undefined ? {} : { detail }) }
  expect(readFio('write', ended(exitCode, { stdout, stderr }))).toEqual([expected])
})

test('fio with a wrong option', () => {
  const stderr = "fio: unrecognized option '--no-such-option'\n"
  expect(() => readFio('write', ended(1, { stderr }))).toThrow('no-such-option')
})
