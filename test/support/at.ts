/** The item at an index that must be there. */
export function at<T>(items: readonly T[], index: number): T {
  const item = items.at(index)
  if (item === undefined) throw new Error(`there is no item ${index} in a list of ${items.length}`)
  return item
}
