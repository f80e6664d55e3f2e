import { describe, expect, it } from '@jest/globals'
import { toText } from '../../../../src/cli/serve/telemetry.ts'

const entry = { level: 'info', time: '2026-01-02T12:34:56.789Z', node: 'n1', msg: 'done' }

describe('toText', () => {
  it.each([
    ['a line', {}, '12:34:56.789 INFO  done node=n1\n'],
    ['a longer level', { level: 'error' }, '12:34:56.789 ERROR done node=n1\n'],
    ['numbers and truths', { durationMs: 1.5, ok: true }, '… done node=n1 durationMs=1.5 ok=true\n'],
    ['words with spaces', { path: '/a b' }, '… done node=n1 path="/a b"\n'],
    ['words that could be taken for more', { text: 'a="b"' }, '… done node=n1 text="a=\\"b\\""\n'],
    ['empty words', { text: '' }, '… done node=n1 text=""\n'],
    [
      'lists and objects',
      { pools: ['a'], request: { name: 'x' } },
      '… node=n1 pools=["a"] request={"name":"x"}\n',
    ],
    [
      'stacks',
      { err: { type: 'Error', stack: 'Error: EIO\n    at x' } },
      '… done node=n1\nError: EIO\n    at x\n',
    ],
  ])('writes %s', (_, fields, expected) => {
    const [, end = expected] = expected.split('… ')
    expect(toText(JSON.stringify({ ...entry, ...fields })).endsWith(end)).toBe(true)
  })

  it('takes a line without a message', () => {
    expect(toText(JSON.stringify({ ...entry, msg: undefined }))).toBe('12:34:56.789 INFO   node=n1\n')
  })
})
