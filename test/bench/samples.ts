import { summarize, type Summary } from '../harness/statistics.ts'

/** One line of a table: what was measured, once per column. A column that has no such step has no cell. */
export interface Row {
  readonly label: string
  readonly cells: Readonly<Record<string, Summary>>
}

export interface Table {
  readonly title: string
  readonly unit: string
  /** The first one is what the others are compared with. */
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
}

/** Collects measurements by row and column, in the order in which the rows first come. */
export class Samples {
  readonly #rows = new Map<string, Map<string, number[]>>()

  add(label: string, column: string, value: number): void {
    const row = this.#rows.get(label) ?? new Map<string, number[]>()
    this.#rows.set(label, row)
    const samples = row.get(column) ?? []
    row.set(column, samples)
    samples.push(value)
  }

  rows(): Row[] {
    return [...this.#rows].map(([label, columns]) => ({
      label,
      cells: Object.fromEntries([...columns].map(([column, samples]) => [column, summarize(samples)])),
    }))
  }
}
