/**
 * Reads less often than it is asked to. Who asks while a call of `read` is under way gets the result of the
 * next one, which begins when that has ended: no result is older than the request for it.
 */
export function sharedRead<T>(read: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | undefined
  let next: Promise<T> | undefined
  const begin = (): Promise<T> => {
    next = undefined
    const reading = read().finally(() => {
      current = undefined
    })
    current = reading
    return reading
  }
  return () => next ?? (current ? (next = current.then(begin, begin)) : begin())
}
