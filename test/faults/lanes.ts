/**
 * Works on all items, so many at the same time.
 * @returns a promise for each, by its key
 */
export function inLanes<Item, Result>(
  items: ReadonlyMap<string, Item>,
  lanes: number,
  work: (key: string, item: Item) => Promise<Result>,
): ReadonlyMap<string, Promise<Result>> {
  const results = new Map([...items.keys()].map((key) => [key, Promise.withResolvers<Result>()]))
  const waiting = [...items]
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const result = results.get(next[0])
      await work(...next).then(result?.resolve, result?.reject)
    }
  }
  for (let index = 0; index < lanes; index++) void lane()
  return new Map([...results].map(([key, { promise }]) => [key, promise]))
}
