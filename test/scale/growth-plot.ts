import { alignCells } from '../../src/cli/terminal/text.ts'
import type { Judged } from './growth.ts'
import { count, rounded } from './table.ts'

const COLUMNS = 40

/**
 * How figures grew with one size, as bars: none for a figure that did not grow, all columns for one that grew
 * as the size did. The scale is logarithmic.
 * @param judged with the same sizes
 */
export function growthPlot(judged: readonly Judged[]): string {
  const [first] = judged
  if (!first) return ''
  const { axis, from, to } = first
  const head = [`from ${count(from)} to ${count(to)} ${axis}`, 'times', scale(to / from), 'may grow']
  const rows = judged.map(({ what, ratio, growth }) => [
    what,
    rounded(ratio),
    bar(ratio, to / from),
    growth === 'constant' ? 'no' : 'yes',
  ])
  return alignCells([head, ...rows], [1]).join('\n')
}

/** @param most that which fills all columns */
export function bar(ratio: number, most: number): string {
  if (!(ratio > 1) || most <= 1) return ''
  return '█'.repeat(Math.min(COLUMNS, Math.round((COLUMNS * Math.log(ratio)) / Math.log(most))))
}

function scale(most: number): string {
  return `1${rounded(most).padStart(COLUMNS - 1, ' ')}`
}
