import { readFile } from 'node:fs/promises'
import { ROOT } from './doc-commands.ts'

/** A row of a table, with the heading of the second level that it is under. */
export interface Row {
  readonly heading: string
  readonly cells: readonly string[]
}

/** The rows whose first cell is code, of all tables below a heading of the second level. */
export async function rowsOf(page: string): Promise<Row[]> {
  const text = await readFile(`${ROOT}docs/${page}`, 'utf8')
  const [, ...sections] = text.split(/^## /m)
  return sections.flatMap((section) => {
    const heading = section.split('\n', 1)[0] ?? ''
    return [...section.matchAll(/^\| `([^`]+)`\s*\|(.*)\|$/gm)].map(([, code = '', others = '']) => ({
      heading,
      cells: [code, ...others.split('|').map((cell) => cell.trim())],
    }))
  })
}
