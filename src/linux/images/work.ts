/**
 * Work that consists of system calls, written once for both ways to make them: on a thread that waits for
 * each call, where a call gives its result, and in the process, where it gives a promise. A generator yields
 * the promises, and gets their results. It is written out wherever a call is made, without a function for it:
 *
 *     const given = file.seek(offset, SEEK_DATA)
 *     const data = given instanceof Promise ? ((yield given) as bigint) : given
 *
 * A generator for each call would make a copy of many small extents a third slower.
 */
export type Work<T> = Generator<Promise<unknown>, T, unknown>

/** What a call gives. */
export type Result<T> = T | Promise<T>

/** Does work whose calls give promises. */
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

/** Does work whose calls give their results. */
export function onThread<T>(work: Work<T>): T {
  const step = work.next()
  if (step.done !== true) throw new Error('a call on a thread has given a promise')
  return step.value
}
