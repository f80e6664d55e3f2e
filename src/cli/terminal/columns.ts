import { table } from './text.ts'

/** A column of a table about things of one kind. */
export interface Column<T> {
  readonly head: string
  readonly cell: (row: T) => string
  /** Figures end at the right edge. */
  readonly isFigure?: boolean
}

/** A table for people, with its head even when there are no rows. */
export function printTable<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const figures = columns.flatMap(({ isFigure }, index) => (isFigure ? [index] : []))
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)))
  return table([columns.map(({ head }) => head), ...cells], figures).join('\n')
}
