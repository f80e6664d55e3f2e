import { status } from '@grpc/grpc-js'
import { VolumeError, messageOf, type ErrorKind } from '../volumes/errors.ts'

/** The one table from what went wrong to gRPC's status codes (CSI specification, "Error Scheme"). */
const codes: Record<ErrorKind, status> = {
  'invalid-argument': status.INVALID_ARGUMENT,
  'not-found': status.NOT_FOUND,
  'already-exists': status.ALREADY_EXISTS,
  'out-of-range': status.OUT_OF_RANGE,
  'resource-exhausted': status.RESOURCE_EXHAUSTED,
  'failed-precondition': status.FAILED_PRECONDITION,
  aborted: status.ABORTED,
  unavailable: status.UNAVAILABLE,
}

/** The reason of the signal of all calls when the driver stops before they are done. */
export class ShutdownError extends Error {
  constructor() {
    super('the driver is stopping; repeat the call')
    this.name = 'ShutdownError'
  }
}

/** The reason of a call's signal when its caller has cancelled it or its deadline has passed. */
export class CancelledError extends Error {
  constructor() {
    super('the caller cancelled the call, or its deadline has passed')
    this.name = 'CancelledError'
  }
}

/** What gRPC sends for an error: `details` is never empty and never a stack. */
export interface Status {
  readonly code: status
  readonly details: string
}

export function statusOf(error: unknown): Status {
  const details = messageOf(error) || 'unknown error'
  if (error instanceof VolumeError) return { code: codes[error.kind], details }
  if (error instanceof CancelledError) return { code: status.CANCELLED, details }
  if (error instanceof ShutdownError) return { code: status.UNAVAILABLE, details }
  // Node's own waits wrap the signal's reason.
  if (Error.isError(error) && error.name === 'AbortError')
    return statusOf(error.cause ?? new CancelledError())
  return { code: status.INTERNAL, details }
}
