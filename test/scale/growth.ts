/** How a figure may grow with a size: `constant` not at all, `linear` at most as the size does. */
export type Growth = 'constant' | 'linear'

/** So often measured, a median is no chance. */
export const ROUNDS_TO_JUDGE = 50

/**
 * What a figure that must not grow may grow by. A machine that is busy with something else, and a cluster
 * with more connections to keep, let each call take longer: this limit is for what has a term that grows.
 */
const CONSTANT_FACTOR = 3

/** The same for a figure that may grow as the size does. */
const LINEAR_FACTOR = 2

/** A figure at a small and at a large size, measured side by side. */
export interface Measured {
  readonly what: string
  /** What grows: nodes, volumes. */
  readonly axis: string
  readonly growth: Growth
  /** The sizes. */
  readonly from: number
  readonly to: number
  /** The figures there, in one unit. */
  readonly before: number
  readonly after: number
}

export interface Judged extends Measured {
  /** How many times as large the figure is. */
  readonly ratio: number
  readonly limit: number
  readonly passed: boolean
}

export function judge(measured: Measured): Judged {
  const { growth, from, to, before, after } = measured
  const ratio = after / before
  const limit = growth === 'constant' ? CONSTANT_FACTOR : (LINEAR_FACTOR * to) / from
  return { ...measured, ratio, limit, passed: ratio <= limit }
}
