/**
 * The kinds of errors, by their names in the CSI specification ("Error Scheme"). The gRPC layer maps them to
 * status codes in one table (src/csi/errors.ts).
 */
export type ErrorKind =
  | 'invalid-argument'
  | 'not-found'
  | 'already-exists'
  | 'out-of-range'
  | 'resource-exhausted'
  | 'failed-precondition'
  | 'aborted'
  | 'unavailable'

/** An error with a message for the caller, which names the field or the volume, and a remedy. */
export class VolumeError extends Error {
  readonly kind: ErrorKind

  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'VolumeError'
    this.kind = kind
  }
}

/** The original error, if undoing the failed work failed as well. */
export function firstFailure(error: unknown): unknown {
  return error instanceof SuppressedError ? firstFailure(error.suppressed) : error
}

/** True when the error carries one of these errno names, as Node's own and src/linux's system errors do. */
export function hasErrno(error: unknown, ...names: string[]): boolean {
  const code = errnoOf(firstFailure(error))
  return code !== undefined && names.includes(code)
}

function errnoOf(error: unknown): string | undefined {
  return Error.isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/**
 * True when this process or the machine lacks resources for a moment. Such an error says nothing about the
 * file that was accessed.
 */
export function isTransient(error: unknown): boolean {
  return hasErrno(error, 'EMFILE', 'ENFILE', 'ENOMEM', 'EINTR', 'EAGAIN')
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  const first = firstFailure(error)
  return Error.isError(first) ? first.message : String(first)
}

/**
 * The same failure, with a message that begins with its subject. It keeps its errno, if it has one (see
 * hasErrno).
 */
export function failureOf(subject: string, error: unknown): Error {
  const failure = new Error(`${subject}: ${messageOf(error)}`, { cause: error })
  const code = errnoOf(firstFailure(error))
  return code === undefined ? failure : Object.assign(failure, { code })
}
