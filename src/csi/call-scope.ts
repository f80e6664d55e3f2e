import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { Metadata } from '@grpc/grpc-js'

/** What everything that is done for one call has in common, wherever it is done. */
export interface CallScope {
  /** The same in the logs of the router and of the node that it calls. */
  readonly requestId: string
}

/** Header in which the id of a request comes and goes. */
const REQUEST_ID = 'x-request-id'

/** Whatever a caller sends comes into the log. */
const ACCEPTABLE_ID = /^[\w.:-]{1,64}$/

const scopes = new AsyncLocalStorage<CallScope>()

/** The scope of a call that has come in: with the id that its caller has given it, or a new one. */
export function scopeOf(metadata: Metadata): CallScope {
  const [given] = metadata.get(REQUEST_ID)
  const isGiven = typeof given === 'string' && ACCEPTABLE_ID.test(given)
  return { requestId: isGiven ? given : randomUUID() }
}

/** Does the work for a call; what it leaves running belongs to that call too. */
export function within<T>(scope: CallScope, work: () => T): T {
  return scopes.run(scope, work)
}

/** Undefined for what no call has asked for. */
export function currentScope(): CallScope | undefined {
  return scopes.getStore()
}

/** What goes along with a call that is made for the current one. */
export function outgoingMetadata(): Metadata {
  const metadata = new Metadata()
  const scope = currentScope()
  if (scope) metadata.set(REQUEST_ID, scope.requestId)
  return metadata
}
