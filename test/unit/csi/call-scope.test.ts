import { setImmediate } from 'node:timers/promises'
import { Metadata } from '@grpc/grpc-js'
import { describe, expect, it } from '@jest/globals'
import { currentScope, outgoingMetadata, scopeOf, within } from '../../../src/csi/call-scope.ts'

function metadata(id?: string): Metadata {
  const made = new Metadata()
  if (id !== undefined) made.set('x-request-id', id)
  return made
}

describe('the scope of a call', () => {
  it.each(['7d1c', '5b0e2f9c-2a0e-4a43-9f5f-0123456789ab', 'provisioner:1.2'])('takes the id %s', (id) => {
    expect(scopeOf(metadata(id)).requestId).toBe(id)
  })

  it.each([undefined, '', 'a b', 'a'.repeat(65), '{"level":"error"}'])('has one of its own for %j', (id) => {
    const { requestId } = scopeOf(metadata(id))
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
    expect(scopeOf(metadata(id)).requestId).not.toBe(requestId)
  })

  it('is that of all that is done for the call, and of nothing else', async () => {
    const seen = async (): Promise<string | undefined> => {
      await setImmediate()
      return currentScope()?.requestId
    }
    const both = ['a', 'b'].map((requestId) => within({ requestId }, seen))
    expect(await Promise.all(both)).toEqual(['a', 'b'])
    expect(await seen()).toBeUndefined()
  })

  it('goes along with the calls that are made for it', () => {
    expect(within({ requestId: 'a' }, outgoingMetadata).get('x-request-id')).toEqual(['a'])
    expect(outgoingMetadata().getMap()).toEqual({})
  })
})
