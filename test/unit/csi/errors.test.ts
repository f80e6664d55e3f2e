import { setTimeout } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { describe, expect, it } from '@jest/globals'
import { CancelledError, ShutdownError, statusOf } from '../../../src/csi/errors.ts'
import { VolumeError } from '../../../src/volumes/model/errors.ts'

const table: [unknown, status][] = [
  [new VolumeError('invalid-argument', 'x'), status.INVALID_ARGUMENT],
  [new VolumeError('not-found', 'x'), status.NOT_FOUND],
  [new VolumeError('already-exists', 'x'), status.ALREADY_EXISTS],
  [new VolumeError('out-of-range', 'x'), status.OUT_OF_RANGE],
  [new VolumeError('resource-exhausted', 'x'), status.RESOURCE_EXHAUSTED],
  [new VolumeError('failed-precondition', 'x'), status.FAILED_PRECONDITION],
  [new VolumeError('aborted', 'x'), status.ABORTED],
  [new CancelledError(), status.CANCELLED],
  [new ShutdownError(), status.UNAVAILABLE],
  [new Error('boom'), status.INTERNAL],
  [systemError('EIO'), status.INTERNAL],
  [systemError('EROFS'), status.UNAVAILABLE],
  [systemError('ENOSPC'), status.RESOURCE_EXHAUSTED],
  [systemError('EMFILE'), status.UNAVAILABLE],
  ['a string', status.INTERNAL],
]

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: some words`), { code })
}

describe('statusOf', () => {
  it.each(table)('%s', (error, code) => {
    expect(statusOf(error).code).toBe(code)
  })

  it('never has empty details', () => {
    expect(statusOf(new Error('')).details).not.toBe('')
  })

  it('names the subject of a call where the error cannot', () => {
    expect(statusOf(new Error('EIO: i/o error, fsync'), 'volume "x"').details).toBe(
      'volume "x": EIO: i/o error, fsync',
    )
    expect(statusOf(new VolumeError('aborted', 'volume "x" is busy'), 'volume "x"').details).toBe(
      'volume "x" is busy',
    )
  })

  it('has a remedy where a person can change something', () => {
    expect(statusOf(systemError('EMFILE')).details).toMatch(/^EMFILE: some words; .*RLIMIT_NOFILE/)
  })

  it('reports errors after an aborted wait', async () => {
    const error: unknown = await setTimeout(1000, undefined, {
      signal: AbortSignal.abort(new ShutdownError()),
    }).catch((reason: unknown) => reason)
    expect(statusOf(error).code).toBe(status.UNAVAILABLE)
  })
})
