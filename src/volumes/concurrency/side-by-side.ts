/** How many files one loop accesses at once: each can have a file open. */
export const FILES_AT_ONCE = 32

/**
 * Waits for two promises that are already pending.
 * @throws the first error of the two, when both have ended
 */
export async function both<One, Other>(one: Promise<One>, other: Promise<Other>): Promise<[One, Other]> {
  await Promise.allSettled([one, other])
  return await Promise.all([one, other])
}

/**
 * Does work for many items, for at most `limit` of them at once. Unlimited, each item would take a file
 * descriptor and some kilobytes.
 * @returns the results in the order of the items
 * @throws the first error, when all started work has ended; no work is started after an error
 */
export async function sideBySide<Item, Result>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const errors: unknown[] = []
  let index = 0
  const iterator = items[Symbol.iterator]()
  const lane = async (): Promise<void> => {
    while (errors.length === 0) {
      const next = iterator.next()
      if (next.done) return
      const place = index++
      try {
        results[place] = await work(next.value)
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, lane))
  if (errors.length > 0) throw errors[0]
  return results
}
