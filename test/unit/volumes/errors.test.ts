import { describe, expect, it } from '@jest/globals'
import { failureOf, hasErrno } from '../../../src/volumes/errors.ts'

describe('a failure', () => {
  it('says what it is about, and keeps its errno and its cause', () => {
    const cause = Object.assign(new Error('ENOMEM: not enough memory, read'), { code: 'ENOMEM' })
    const failure = failureOf('pool "default"', cause)
    expect(failure.message).toBe('pool "default": ENOMEM: not enough memory, read')
    expect(hasErrno(failure, 'ENOMEM')).toBe(true)
    expect(failure.cause).toBe(cause)
  })

  it('has no errno when its cause has none', () => {
    expect(failureOf('pool "default"', new Error('full'))).not.toHaveProperty('code')
  })
})
