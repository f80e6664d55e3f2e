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
