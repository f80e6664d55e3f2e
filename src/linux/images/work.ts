/**
 * Work that consists of system calls, written once for both ways to make them: on a thread that waits for
 * each call, where a call returns its result, and in the process, where it returns a promise. A generator
 * yields the promises, and gets their results. It is written out wherever a call is made, without a function
 * for it:
 *
 *     const given = file.seek(offset, SEEK_DATA)
 *     const data = given instanceof Promise ? ((yield given) as bigint) : given
 *
 * A generator for each call would make a copy of many small extents a third slower.
 */
export type Work<T> = Generator<Promise<unknown>, T, unknown>

/** What a call returns. */
export type Result<T> = T | Promise<T>

/** Runs work whose calls return promises. */
export async function inProcess<T>(work: Work<T>): Promise<T> {
  let step = work.next()
  while (step.done !== true) {
    step = await step.value.then(
      (result) => work.next(result),
      (error: unknown) => work.throw(error),
    )
  }
  return step.value
}

/** Runs work whose calls return their results. */
export function onThread<T>(work: Work<T>): T {
  const step = work.next()
  if (step.done !== true) throw new Error('a call on a thread has returned a promise')
  return step.value
}

/** Pieces at the same time: enough to keep two processors busy. With more it gets no faster. */
export const WIDTH = 4

/**
 * Works on up to `width` items at the same time, and gives the results in the order of the items. When it
 * ends early, by an error or because its consumer stops, it first waits for running work, so that the caller
 * can close the files that the work uses.
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
