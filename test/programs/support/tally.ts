/** Counts, in rows and columns. */
export class Tally {
  readonly #rows = new Map<string, Map<string, number>>()

  add(row: string, column: string, count = 1): void {
    const columns = this.#rows.get(row) ?? new Map<string, number>()
    columns.set(column, (columns.get(column) ?? 0) + count)
    this.#rows.set(row, columns)
  }

  get(row: string, column: string): number {
    return this.#rows.get(row)?.get(column) ?? 0
  }

  /** @returns a table in Markdown, whose rows are in the order of their names */
  table(name: string, columns: readonly string[]): string {
    const rows = [...this.#rows.keys()].toSorted()
    const lines = rows.map((row) => [row, ...columns.map((column) => `${this.get(row, column)}`)])
    const head = [name, ...columns]
    return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  }
}
