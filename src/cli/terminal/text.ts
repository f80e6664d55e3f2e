/** Moves a terminal's cursor to the beginning of the line, and clears the line. */
export const ERASE_LINE = '\r\x1b[K'

/** A duration with about three digits: `4.2 ms`, `123 ms`, `1.23 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`
  return `${milliseconds.toFixed(milliseconds < 100 ? 1 : 0)} ms`
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/**
 * Milliseconds of `500ms`, `30s`, `15m`, `1h`, or `0`.
 * @returns undefined for any other text
 */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? []
  if (digits === undefined || unit === undefined) return text === '0' ? 0 : undefined
  return Number(digits) * (unitsMs[unit] ?? 0)
}

/** `1 volume`, `2 volumes`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
