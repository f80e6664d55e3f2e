import { status } from '@grpc/grpc-js'
import { expect } from '@jest/globals'

/**
 * What a refused call rejects with: `await expect(call).rejects.toMatchObject(refusal('NOT_FOUND', /volume
 * "x"/))`.
 */
export function refusal(code: keyof typeof status, message: RegExp): object {
  return { code: status[code], details: expect.stringMatching(message) }
}
