import { printTable, type Column } from '../terminal/columns.ts'
import { loopColumns } from '../loop/columns.ts'
import { listColumns as poolColumns, spaceColumns } from '../pool/columns.ts'
import { listColumns, usageColumns } from '../volume/columns.ts'
import type { TableName } from './plan.ts'

/** What a node's command has printed with --json. */
export interface NodeRows {
  readonly node: string
  readonly rows: readonly object[]
}

const columns: Readonly<Record<TableName, readonly Column<never>[]>> = {
  'volume ls': listColumns,
  'volume df': usageColumns,
  'pool ls': poolColumns,
  'pool df': spaceColumns,
  'loop ls': loopColumns,
}

/** The rows of all nodes in one table, or one JSON array, each with its node. */
export function merge(table: TableName, parts: readonly NodeRows[], json: boolean): string {
  const rows = parts.flatMap(({ node, rows }) => rows.map((row) => ({ node, ...row })))
  if (json) return JSON.stringify(rows, undefined, 2)
  const node: Column<{ readonly node: string }> = { head: 'NODE', cell: ({ node }) => node }
  return printTable<{ readonly node: string }>([node, ...(columns[table] as readonly Column<object>[])], rows)
}
