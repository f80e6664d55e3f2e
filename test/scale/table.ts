import { alignCells } from '../../src/cli/terminal/text.ts'

/** A table for a terminal and for a page. All columns but the first have numbers. */
export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function toText({ title, head, rows }: Table): string {
  const numbers = head.slice(1).map((_, index) => index + 1)
  return [title, ...alignCells([head, ...rows], numbers)].join('\n')
}

export function toMarkdown({ title, head, rows }: Table): string {
  const marks = head.map((_, index) => (index === 0 ? '---' : '--:'))
  const lines = [head, marks, ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return [`${title}:`, '', ...lines].join('\n')
}

/** Three digits that count. */
export function rounded(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)
}

export function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}

/** With a separator of thousands. */
export function count(number: number): string {
  return number.toLocaleString('en-US')
}
