import { status } from '@grpc/grpc-js'
import { VolumeError, firstFailure, hasErrno, messageOf, type ErrorKind } from '../volumes/model/errors.ts'

/** The only mapping of error kinds to gRPC status codes (CSI specification, "Error Scheme"). */
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

interface KnownFailure {
  readonly errnos: readonly string[]
  readonly code: status
  readonly advice: string
}

/** Errnos that have the same meaning in all calls, with their remedies. */
const knownFailures: readonly KnownFailure[] = [
  {
    errnos: ['EROFS'],
    code: status.UNAVAILABLE,
    advice: "check the kernel's log for errors of that file system, repair it, and mount it for writing",
  },
  {
    errnos: ['ENOSPC', 'EDQUOT'],
    code: status.RESOURCE_EXHAUSTED,
    advice: 'free space on that disk',
  },
  {
    errnos: ['EMFILE'],
    code: status.UNAVAILABLE,
    advice: 'the driver has too many open files: raise its limit (RLIMIT_NOFILE)',
  },
  {
    errnos: ['ENFILE'],
    code: status.UNAVAILABLE,
    advice: 'the machine has too many open files: raise fs.file-max (sysctl)',
  },
]

/** Aborts the calls that are still running when the driver stops. */
export class ShutdownError extends Error {
  constructor() {
    super('the driver is stopping; repeat the call')
    this.name = 'ShutdownError'
  }
}

/** Aborts a call that its caller has cancelled, or whose deadline has passed. */
export class CancelledError extends Error {
  constructor() {
    super('the caller cancelled the call, or its deadline has passed')
    this.name = 'CancelledError'
  }
}

/** The status of a failed call. `details` is never empty and never a stack. */
export interface Status {
  readonly code: status
  readonly details: string
}

/** @param subject the object of the call, for errors whose messages do not name it */
export function statusOf(error: unknown, subject?: string): Status {
  if (isAnswer(error)) return { code: error.code, details: error.details }
  const first = firstFailure(error)
  if (first !== error) return statusOf(first, subject)
  const details = messageOf(error) || 'unknown error'
  if (error instanceof VolumeError) return { code: codes[error.kind], details }
  if (error instanceof CancelledError) return { code: status.CANCELLED, details }
  if (error instanceof ShutdownError) return { code: status.UNAVAILABLE, details }
  // Node's functions wrap the reason of a signal in an AbortError.
  if (Error.isError(error) && error.name === 'AbortError')
    return statusOf(error.cause ?? new CancelledError(), subject)
  const message = subject === undefined ? details : `${subject}: ${details}`
  const known = knownFailures.find(({ errnos }) => hasErrno(error, ...errnos))
  return known
    ? { code: known.code, details: `${message}; ${known.advice}` }
    : { code: status.INTERNAL, details: message }
}

/**
 * Whether an error is a status of another CSI service (grpc-js's ServiceError), with one of the given codes.
 */
export function isAnswer(error: unknown, ...names: (keyof typeof status)[]): error is Error & Status {
  if (!Error.isError(error) || !('code' in error && 'details' in error)) return false
  const { code, details } = error
  if (typeof code !== 'number' || typeof details !== 'string') return false
  const wanted: readonly number[] = names.map((name) => status[name])
  return wanted.length === 0 || wanted.includes(code)
}
