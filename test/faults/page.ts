import { format, resolveConfig } from 'prettier'
import { kills, type Outcomes } from './outcomes.ts'

const columns = ['EIO', 'ENOSPC', 'EBUSY', 'EINTR', 'ENOMEM', 'exit', 'SIGKILL', ...kills]

/** Behind this comes what the campaign writes. */
const GENERATED = '<!-- What follows is written by FAULTS=all npm test -- test/faults -->'

/** By call, its table. */
export type Sections = ReadonlyMap<string, string>

/** @returns a call's table: a row for each step, a column for each fault, and how the call can end */
export function sectionOf(call: string, { bySteps }: Outcomes): string {
  if (bySteps.size === 0) return `## ${call}\n\nIt takes no step that could fail.`
  const rows = [...bySteps].sort(byKey).map(([step, faults]) => {
    const byColumn = new Map([...faults].map(([fault, outcomes]) => [columnOf(fault), [...outcomes].sort()]))
    // A bar ends a cell, even in code.
    return row([
      `\`${step.replaceAll('|', '\\|')}\``,
      ...columns.map((column) => byColumn.get(column)?.join(', ') ?? ''),
    ])
  })
  const rule = row(Array<string>(columns.length + 1).fill('---'))
  return [`## ${call}`, '', row(['step', ...columns]), rule, ...rows].join('\n')
}

/** @returns the tables of a page, as they are there */
export function sectionsIn(page: string): Sections {
  const [, text = ''] = page.split(GENERATED)
  const sections = text.split(/^(?=## )/m).filter((section) => section.startsWith('## '))
  return new Map(sections.map((section) => [/^## (.*)$/m.exec(section)?.[1] ?? '', section.trim()]))
}

/** @returns the page with these tables instead of those that it has */
export async function withSections(path: string, page: string, sections: Sections): Promise<string> {
  const [head = ''] = page.split(GENERATED)
  const tables = [...sections].sort(byKey).map(([, section]) => section)
  const text = [head + GENERATED, ...tables].join('\n\n')
  return await format(text, { ...(await resolveConfig(path)), parser: 'markdown' })
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function columnOf(fault: string): string {
  return fault.startsWith('exit ') ? 'exit' : fault
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
