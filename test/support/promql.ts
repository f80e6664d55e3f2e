/** What a query of Prometheus is about, without a parser: good enough to find what no longer exists. */
export interface QueryNames {
  readonly metrics: readonly string[]
  /** Those that select, group or match. */
  readonly labels: readonly string[]
}

const words = [
  'and',
  'or',
  'unless',
  'bool',
  'offset',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
]

export function namesIn(expr: string): QueryNames {
  const withoutStrings = expr.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
  const labels: string[] = []
  const take = (pattern: RegExp, text: string): string =>
    text.replaceAll(pattern, (_, list: string) => {
      labels.push(...list.split(',').map((part) => /^\s*(\w+)/.exec(part)?.[1] ?? ''))
      return ' '
    })
  const grouping = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g
  const withoutLabels = take(grouping, take(/\{([^}]*)\}/g, withoutStrings))
  const withoutRanges = withoutLabels.replaceAll(/\[[^\]]*\]/g, ' ')
  const identifiers = [...withoutRanges.matchAll(/(?<![\w:])[A-Za-z_:][\w:]*(?!\s*\(|[\w:])/g)].map(
    ([name]) => name,
  )
  return {
    metrics: identifiers.filter((name) => !words.includes(name)),
    labels: labels.filter((label) => label !== ''),
  }
}
