import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Tracing } from '../../../src/tracing/tracing.ts'
import { OtlpReceiver, attributesOf } from '../../support/otlp-receiver.ts'
import { silent } from '../volumes/world.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const path = '/csi.v1.Node/NodeStageVolume'
const name = 'csi.v1.Node/NodeStageVolume'

describe('Tracing', () => {
  let receiver: OtlpReceiver
  let tracing: Tracing

  beforeEach(async () => {
    receiver = await OtlpReceiver.listen()
    tracing = new Tracing({ endpoint: receiver.url, process: { 'k8s.node.name': 'n1' } }, silent)
  })

  afterEach(() => receiver[Symbol.asyncDispose]())

  const send = (): Promise<void> => tracing[Symbol.asyncDispose]()
  const call = (headers = {}) => tracing.begin(path, { volume: 'v1' }, headers)

  it('sends a span for a call, with what it was about and how it ended', async () => {
    call().end('OK', undefined)
    await send()
    const span = receiver.span(name)
    expect(attributesOf(span.attributes)).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': name,
      'rpc.status_code': 'OK',
      'csi.volume': 'v1',
    })
    expect(span.process).toMatchObject({ 'service.name': 'csi-driver-loop', 'k8s.node.name': 'n1' })
  })

  it('continues the trace of the caller, and passes it on', async () => {
    const span = call({ traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'vendor=1' })
    span.end('OK', undefined)
    await send()
    expect(receiver.span(name)).toMatchObject({ traceId, parentSpanId: spanId })
    expect(span.headers).toEqual({
      traceparent: `00-${traceId}-${receiver.span(name).spanId}-01`,
      tracestate: 'vendor=1',
    })
  })

  it.each([
    ['INTERNAL', true],
    ['UNAVAILABLE', true],
    ['NOT_FOUND', false],
    ['RESOURCE_EXHAUSTED', false],
  ])('takes %s for an error of the driver: %s', async (code, isError) => {
    call().end(code, 'no luck')
    await send()
    expect(receiver.span(name).status?.code === 2).toBe(isError)
  })

  it('has steps within the call, and within each other', async () => {
    const span = call()
    const result = await span.run(() =>
      tracing.step('freeze', () => tracing.step('update', () => Promise.resolve(42))),
    )
    span.end('OK', undefined)
    await send()
    expect(result).toBe(42)
    const [outer, inner] = [receiver.span('freeze'), receiver.span('update')]
    expect(outer.parentSpanId).toBe(receiver.span(name).spanId)
    expect(inner.parentSpanId).toBe(outer.spanId)
    expect(inner.traceId).toBe(receiver.span(name).traceId)
  })

  it('marks a step that fails, and passes on what it throws', async () => {
    const failing = tracing.step('mkfs', () => Promise.reject(new Error('EIO')))
    await expect(failing).rejects.toThrow('EIO')
    await send()
    expect(receiver.span('mkfs').status).toMatchObject({ code: 2, message: 'EIO' })
  })

  it('ends in time without a receiver', async () => {
    await receiver[Symbol.asyncDispose]()
    call().end('OK', undefined)
    await expect(send()).resolves.toBeUndefined()
  })
})
