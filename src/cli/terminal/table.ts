import { stripVTControlCharacters } from 'node:util'

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

/** A share of a whole in whole percent, rounded up as df(1) does; `-` when the whole is 0. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${Math.ceil((100 * part) / whole)}%`
}
