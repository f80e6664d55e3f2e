import { expect, test } from '@jest/globals'
import { ended } from './ended.ts'
import { asOneTest } from './tool.ts'

const bonnie = `Version 2.00a       ------Sequential Output------ --Sequential Input- --Random-
1.98,2.00a,vm,1,1796073577,32M,,8192,5,243,9,+++++,+++,+++++,+++,567,13,+++++,+++,+++++,+++,1,,,,,+++++,+++
`
const fsMark = `FSUse%        Count         Size    Files/sec     App Overhead
    72          200         4096        148.4             2753
`

test.each([
  ['bonnie++', 0, bonnie, '', undefined],
  ['bonnie++', 1, '', `Can't open file ./Bonnie.22`, "exit code 1: Can't open file ./Bonnie.22"],
  ['fs_mark', 0, fsMark, '', undefined],
  [
    'fs_mark',
    1,
    fsMark,
    'fill_dir:mkdir /mnt/files failed: No space left on device\n',
    'exit code 1: fill_dir:mkdir /mnt/files failed: No space left on device',
  ],
  ['e2fsck', 4, '/disk.img: ********** WARNING: Filesystem still has errors **********\n', '', undefined],
] as const)('%s that ends with %s', (name, exitCode, stdout, stderr, detail) => {
  const [result] = asOneTest(name, ended(exitCode, { stdout, stderr }))
  expect(result).toMatchObject({ name, outcome: exitCode === 0 ? 'passed' : 'failed' })
  if (detail !== undefined) expect(result?.detail).toBe(detail)
})

test('a program that is called in a wrong way has tested nothing', () => {
  const stderr = 'Usage: fs_mark\n\t-h <print usage and exit>\n'
  expect(() => asOneTest('fs_mark', ended(1, { stderr }))).toThrow('fs_mark: Usage')
})
