/**
 * Calls `read` once for all callers within `maxAgeMs`. A failure is not cached.
 * @param now in milliseconds, of a monotonic clock
 */
export function cached<T>(
  maxAgeMs: number,
  read: () => Promise<T>,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let last: { readonly at: number; readonly result: Promise<T> } | undefined
  return () => {
    if (last && now() - last.at < maxAgeMs) return last.result
    const mine = { at: now(), result: read() }
    last = mine
    mine.result.catch(() => {
      if (last === mine) last = undefined
    })
    return mine.result
  }
}

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
