const START_FAILURE = /^Worker initialization failure: (?<errno>E[A-Z]+)$/

/**
 * The error of a worker thread, with an errno where the thread could not be started: Node has it in the
 * message alone (ERR_WORKER_INIT_FAILED).
 */
export function workerError(error: unknown): unknown {
  const errno = Error.isError(error) ? START_FAILURE.exec(error.message)?.groups?.['errno'] : undefined
  if (errno === undefined) return error
  return Object.assign(new Error(`${errno}: a thread cannot be started`, { cause: error }), { code: errno })
}
