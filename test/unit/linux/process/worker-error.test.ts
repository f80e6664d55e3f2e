import { status } from '@grpc/grpc-js'
import { expect, it } from '@jest/globals'
import { statusOf } from '../../../../src/csi/errors.ts'
import { workerError } from '../../../../src/linux/process/command-error.ts'

it('a thread that cannot be started for want of descriptors is told as any other call is', () => {
  const error = workerError(
    Object.assign(new Error('Worker initialization failure: EMFILE'), { code: 'ERR_WORKER_INIT_FAILED' }),
  )
  expect(error).toMatchObject({ code: 'EMFILE' })
  expect(statusOf(error).code).toBe(status.UNAVAILABLE)
})

it.each([[new Error('EIO: read')], ['no error']])('%s is left as it is', (error) => {
  expect(workerError(error)).toBe(error)
})
