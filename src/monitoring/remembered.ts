/** Asks once for all who ask within so many milliseconds. A failure is not remembered. */
export function remembered<T>(maxAgeMs: number, ask: () => Promise<T>): () => Promise<T> {
  let last: { readonly answer: Promise<T>; readonly at: number } | undefined
  return () => {
    if (last && performance.now() - last.at <= maxAgeMs) return last.answer
    const answer = ask()
    const mine = { answer, at: performance.now() }
    last = mine
    answer.catch(() => {
      if (last === mine) last = undefined
    })
    return answer
  }
}
