import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { Metadata } from '@grpc/grpc-js'

/** The headers that make a call part of a trace (W3C Trace Context). */
export interface TraceHeaders {
  readonly traceparent?: string
  readonly tracestate?: string
}

/** The span of one call. */
export interface CallSpan {
  /** Headers for calls that are made during this one. */
  readonly headers: TraceHeaders
  /** Runs work inside this span. */
  run<T>(work: () => T): T
  /** @param code the name of the status @param details the message of a failure */
  end(code: string, details: string | undefined): void
}

export interface CallTracer {
  /**
   * @param path gRPC's path of the method: `/csi.v1.Controller/CreateVolume`
   * @param subject the object of the call: `{volume: '…'}`
   * @param headers the headers of the call
   */
  begin(path: string, subject: Readonly<Record<string, unknown>>, headers: TraceHeaders): CallSpan
}

/** Records no spans, but forwards the headers: other processes may record spans. */
export const untraced: CallTracer = {
  begin: (_path, _subject, headers) => ({ headers, run: (work) => work(), end: () => undefined }),
}

/** Identifies the current call. */
export interface CallScope {
  /** The same in the logs of the router and the node that it calls. */
  readonly requestId: string
  readonly trace: TraceHeaders
}

/** The header of the request id. */
const REQUEST_ID = 'x-request-id'

/** Callers choose request ids, which are logged: so their length and characters are limited. */
const ACCEPTABLE_ID = /^[\w.:-]{1,64}$/

const scopes = new AsyncLocalStorage<CallScope>()

/** The scope of an incoming call, with the request id of the caller or a new one. */
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

/** Runs work in the scope of a call. Background work that it starts stays in this scope. */
export function within<T>(scope: CallScope, work: () => T): T {
  return scopes.run(scope, work)
}

/** The log fields of the current call; empty outside of calls. */
export function scopeFields(): { readonly requestId?: string; readonly traceId?: string } {
  const scope = scopes.getStore()
  if (!scope) return {}
  const [, traceId] = /^00-([0-9a-f]{32})-/.exec(scope.trace.traceparent ?? '') ?? []
  return { requestId: scope.requestId, ...(traceId !== undefined && { traceId }) }
}

/** The headers of an outgoing call that is made during the current call. */
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
