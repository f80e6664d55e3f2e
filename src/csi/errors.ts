import { status } from '@grpc/grpc-js'
import { VolumeError, firstFailure, hasErrno, messageOf, type ErrorKind } from '../volumes/model/errors.ts'

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

interface KnownFailure {
  readonly errnos: readonly string[]
  readonly code: status
  readonly advice: string
}

/**
 * The failures of system calls that say the same whatever the call was for, and what a person can do about
 * them.
 */
const knownFailures: readonly KnownFailure[] = [
  {
    errnos: ['EROFS'],
    code: status.UNAVAILABLE,
    advice: "look for errors of that file system in the kernel's log, repair it, and mount it for writing",
  },
  {
    errnos: ['ENOSPC', 'EDQUOT'],
    code: status.RESOURCE_EXHAUSTED,
    advice: 'make room on that disk',
  },
  {
    errnos: ['EMFILE'],
    code: status.UNAVAILABLE,
    advice: 'the driver may open no more files: raise its limit (RLIMIT_NOFILE)',
  },
  {
    errnos: ['ENFILE'],
    code: status.UNAVAILABLE,
    advice: 'the machine may open no more files: raise fs.file-max (sysctl)',
  },
]

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

/** @param subject what the call is about; errors that were made for its caller say so by themselves */
export function statusOf(error: unknown, subject?: string): Status {
  if (isAnswer(error)) return { code: error.code, details: error.details }
  const first = firstFailure(error)
  if (first !== error) return statusOf(first, subject)
  const details = messageOf(error) || 'unknown error'
  if (error instanceof VolumeError) return { code: codes[error.kind], details }
  if (error instanceof CancelledError) return { code: status.CANCELLED, details }
  if (error instanceof ShutdownError) return { code: status.UNAVAILABLE, details }
  // Node's own waits wrap the signal's reason.
  if (Error.isError(error) && error.name === 'AbortError')
    return statusOf(error.cause ?? new CancelledError(), subject)
  const words = subject === undefined ? details : `${subject}: ${details}`
  const known = knownFailures.find(({ errnos }) => hasErrno(error, ...errnos))
  return known
    ? { code: known.code, details: `${words}; ${known.advice}` }
    : { code: status.INTERNAL, details: words }
}

/**
 * True for an error that is another CSI service's answer (grpc-js's ServiceError), with one of these codes if
 * any are given.
 */
export function isAnswer(error: unknown, ...names: (keyof typeof status)[]): error is Error & Status {
  if (!Error.isError(error) || !('code' in error && 'details' in error)) return false
  const { code, details } = error
  if (typeof code !== 'number' || typeof details !== 'string') return false
  const wanted: readonly number[] = names.map((name) => status[name])
  return wanted.length === 0 || wanted.includes(code)
}
