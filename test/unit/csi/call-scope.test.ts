import { setImmediate } from 'node:timers/promises'
import { Metadata } from '@grpc/grpc-js'
import { describe, expect, it } from '@jest/globals'
import { outgoingMetadata, scopeFields, scopeOf, within } from '../../../src/csi/call-scope.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${traceId}-b7ad6b7169203331-01`

function metadata(headers: Record<string, string | undefined>): Metadata {
  const made = new Metadata()
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) made.set(name, value)
  return made
}

describe('the scope of a call', () => {
  it.each(['7d1c', '5b0e2f9c-2a0e-4a43-9f5f-0123456789ab', 'provisioner:1.2'])('takes the id %s', (id) => {
    expect(scopeOf(metadata({ 'x-request-id': id })).requestId).toBe(id)
  })

  it.each([undefined, '', 'a b', 'a'.repeat(65), '{"level":"error"}'])('has one of its own for %j', (id) => {
    const { requestId } = scopeOf(metadata({ 'x-request-id': id }))
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
    expect(scopeOf(metadata({ 'x-request-id': id })).requestId).not.toBe(requestId)
  })

  it('includes all work for the call, and nothing else', async () => {
    const seen = async () => {
      await setImmediate()
      return scopeFields()
    }
    const both = ['a', 'b'].map((requestId) => within({ requestId, trace: {} }, seen))
    expect(await Promise.all(both)).toEqual([{ requestId: 'a' }, { requestId: 'b' }])
    expect(await seen()).toEqual({})
  })

  it('is passed along with the calls that are made for it, and so is the trace', () => {
    const headers = { 'x-request-id': 'a', traceparent, tracestate: 'vendor=1' }
    expect(within(scopeOf(metadata(headers)), outgoingMetadata).getMap()).toEqual(headers)
    expect(outgoingMetadata().getMap()).toEqual({})
  })

  it.each([
    [traceparent, { requestId: 'a', traceId }],
    ['nonsense"', { requestId: 'a' }],
  ])('names the trace %s in the log', (header, expected) => {
    expect(within({ requestId: 'a', trace: { traceparent: header } }, scopeFields)).toEqual(expected)
  })
})
