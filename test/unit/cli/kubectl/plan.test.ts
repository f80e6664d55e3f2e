import { describe, expect, it } from '@jest/globals'
import { planOf } from '../../../../src/cli/kubectl/plan.ts'
import { makeProgram } from '../../../../src/cli/program.ts'

const program = makeProgram()

describe('what kubectl loop does with', () => {
  it.each<[string, object]>([
    ['ls', { where: 'everywhere', words: ['volume', 'ls'], json: false }],
    ['volume ls --json', { where: 'everywhere', words: ['volume', 'ls'], json: true }],
    ['df', { where: 'everywhere', words: ['volume', 'df'], json: false }],
    ['pool df', { where: 'everywhere', words: ['pool', 'df'], json: false }],
    ['loop list', { where: 'everywhere', words: ['loop', 'list'], json: false }],
    ['doctor --json', { where: 'each', words: ['doctor', '--json'] }],
    ['show db', { where: 'volumes', words: ['volume', 'show', 'db'], references: [2] }],
    [
      'volume trim --json a b',
      { where: 'volumes', words: ['volume', 'trim', '--json', 'a', 'b'], references: [3, 4] },
    ],
    ['export db --output x.img', { where: 'export', reference: 'db', output: 'x.img' }],
    ['export --output=- db', { where: 'export', reference: 'db', output: '-' }],
    [
      'import --name db x.img',
      { where: 'import', input: 'x.img', words: ['volume', 'import', '--name', 'db', '-'] },
    ],
    ['adopt /a/b', { where: 'node', words: ['volume', 'adopt', '/a/b'] }],
    ['loop attach x.img', { where: 'node', words: ['loop', 'attach', 'x.img'] }],
  ])('%s', (line, plan) => {
    expect(planOf(line.split(' '), program)).toMatchObject(plan)
  })

  it.each([
    ['show', /usage: kubectl loop volume show <volume>/],
    ['check --json', /usage: kubectl loop volume check <volume>/],
    ['export db', /give --output <file>/],
    ['import --name db', /usage: kubectl loop volume import <file>/],
  ])('%s: it is refused', (line, message) => {
    expect(() => planOf(line.split(' '), program)).toThrow(message)
  })
})
