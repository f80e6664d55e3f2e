/**
 * Asks once for all that ask within so many milliseconds. A failure is not kept.
 *
 * @param now in milliseconds, of a clock that never goes back
 */
export function sharedAnswer<T>(
  keptMs: number,
  ask: () => Promise<T>,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | undefined
  return () => {
    if (last && now() - last.at < keptMs) return last.answer
    const asked = { at: now(), answer: ask() }
    last = asked
    asked.answer.catch(() => {
      if (last === asked) last = undefined
    })
    return asked.answer
  }
}
