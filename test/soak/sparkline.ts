const BARS = '▁▂▃▄▅▆▇█'

/**
 * A series as bars, from its least value to its largest. Where there are more values than columns, each bar
 * is the largest of those that it stands for: a short peak stays visible.
 */
export function sparkline(values: readonly number[], columns: number): string {
  const heights = peaks(values, columns)
  const least = Math.min(...heights)
  const range = Math.max(...heights) - least
  return heights.map((height) => BARS[level(height - least, range)]).join('')
}

function level(height: number, range: number): number {
  return range === 0 ? 0 : Math.round((height / range) * (BARS.length - 1))
}

function peaks(values: readonly number[], columns: number): number[] {
  if (values.length <= columns) return [...values]
  const edge = (column: number): number => Math.floor((column * values.length) / columns)
  return Array.from({ length: columns }, (_, column) =>
    Math.max(...values.slice(edge(column), edge(column + 1))),
  )
}
