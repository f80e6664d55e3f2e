import { describe, expect, it } from '@jest/globals'
import { withoutNames } from './findings.ts'

describe('an error', () => {
  it.each([
    [
      '53100 could not extend file "base/5/16384.1": No space left on device',
      '… could not extend file "…": No space left on device',
    ],
    ['SQL logic error', 'SQL logic error'],
    ['psql has ended: FATAL\nserver closed the connection', 'server closed the connection'],
  ])('%s', (message, expected) => {
    expect(withoutNames(message)).toBe(expected)
  })
})
