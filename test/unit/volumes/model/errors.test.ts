import { describe, expect, it } from '@jest/globals'
import { failureOf, hasErrno, messageOf } from '../../../../src/volumes/model/errors.ts'

describe('a failure', () => {
  it('names its subject, and keeps its errno and its cause', () => {
    const cause = Object.assign(new Error('ENOMEM: not enough memory, read'), { code: 'ENOMEM' })
    const failure = failureOf('pool "default"', cause)
    expect(failure.message).toBe('pool "default": ENOMEM: not enough memory, read')
    expect(hasErrno(failure, 'ENOMEM')).toBe(true)
    expect(failure.cause).toBe(cause)
  })

  it('has no errno without one in its cause', () => {
    expect(failureOf('pool "default"', new Error('full'))).not.toHaveProperty('code')
  })

  it('is what failed first, where undoing it failed as well', () => {
    const first = Object.assign(new Error('EMFILE: too many open files, open'), { code: 'EMFILE' })
    const error = new SuppressedError(new Error('EBUSY'), new SuppressedError(new Error('EIO'), first))
    expect(hasErrno(error, 'EMFILE')).toBe(true)
    expect(messageOf(error)).toBe(first.message)
    expect(failureOf('volume "x"', error)).toMatchObject({ code: 'EMFILE', cause: error })
  })
})
