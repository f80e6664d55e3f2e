import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { Metadata } from '@grpc/grpc-js'
import type { TraceHeaders } from './call-tracer.ts'

/** What everything that is done for one call has in common, wherever it is done. */
export interface CallScope {
  /** The same in the logs of the router and of the node that it calls. */
  readonly requestId: string
  readonly trace: TraceHeaders
}

/** Header in which the id of a request comes and goes. */
const REQUEST_ID = 'x-request-id'

/** Whatever a caller sends comes into the log. */
const ACCEPTABLE_ID = /^[\w.:-]{1,64}$/

const scopes = new AsyncLocalStorage<CallScope>()

/** The scope of a call that has come in: with the id that its caller has given it, or a new one. */
export function scopeOf(metadata: Metadata): CallScope {
  const given = headerIn(metadata, REQUEST_ID)
  const traceparent = headerIn(metadata, 'traceparent')
  const tracestate = headerIn(metadata, 'tracestate')
  return {
    requestId: given !== undefined && ACCEPTABLE_ID.test(given) ? given : randomUUID(),
    trace: {
      ...(traceparent !== undefined && { traceparent }),
      ...(tracestate !== undefined && { tracestate }),
    },
  }
}

/** Does the work for a call; what it leaves running belongs to that call too. */
export function within<T>(scope: CallScope, work: () => T): T {
  return scopes.run(scope, work)
}

/** Of the call for which something is done now, for the log; empty for what no call has asked for. */
export function scopeFields(): { readonly requestId?: string; readonly traceId?: string } {
  const scope = scopes.getStore()
  if (!scope) return {}
  const [, traceId] = /^00-([0-9a-f]{32})-/.exec(scope.trace.traceparent ?? '') ?? []
  return { requestId: scope.requestId, ...(traceId !== undefined && { traceId }) }
}

/** What goes along with a call that is made for the current one. */
export function outgoingMetadata(): Metadata {
  const metadata = new Metadata()
  const scope = scopes.getStore()
  if (!scope) return metadata
  metadata.set(REQUEST_ID, scope.requestId)
  for (const [name, value] of Object.entries(scope.trace)) metadata.set(name, value as string)
  return metadata
}

function headerIn(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name)
  return typeof value === 'string' ? value : undefined
}
