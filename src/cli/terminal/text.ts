import { stripVTControlCharacters } from 'node:util'

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

/** A column of a table whose rows are of one type. */
export interface Column<T> {
  readonly head: string
  readonly cell: (row: T) => string
  /** Aligned to the right. */
  readonly isNumber?: boolean
}

/** A table with its head, also when there are no rows. */
export function formatTable<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const right = columns.flatMap(({ isNumber }, index) => (isNumber ? [index] : []))
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)))
  return alignCells([columns.map(({ head }) => head), ...cells], right).join('\n')
}

/**
 * Lines of cells in columns. Cells may have colours.
 * @param right the columns, from 0, that are aligned to the right
 */
export function alignCells(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? ''))),
  )
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const padding = ' '.repeat((widths[column] ?? 0) - widthOf(cell))
      return right.includes(column) ? padding + cell : cell + padding
    })
    return cells.join('  ').trimEnd()
  })
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length
}

/** A share in whole percent, rounded up as df(1) does; `-` when the whole is 0. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${Math.ceil((100 * part) / whole)}%`
}
