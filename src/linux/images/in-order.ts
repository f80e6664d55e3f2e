/** Pieces at the same time: enough to keep two processors busy. With more it gets no faster. */
export const WIDTH = 4

/**
 * Works on up to `width` items at the same time, and gives the results in the order of the items. When it
 * ends early, by an error or because its consumer leaves, it first waits for the work that is under way, so
 * that what the work uses can be closed then.
 */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  width: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = []
  try {
    for await (const item of items) {
      running.push(begin(work, item))
      if (running.length >= width) yield* first(running)
    }
    while (running.length > 0) yield* first(running)
  } finally {
    await Promise.allSettled(running)
  }
}

/**
 * A failure is thrown when its turn comes. Until then it must not count as unhandled, which would end the
 * process.
 */
function begin<Item, Result>(work: (item: Item) => Promise<Result>, item: Item): Promise<Result> {
  const result = work(item)
  result.catch(() => undefined)
  return result
}

async function* first<Result>(running: Promise<Result>[]): AsyncGenerator<Result> {
  const result = running.shift()
  if (result) yield await result
}
