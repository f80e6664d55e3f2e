import { printTable, type Column } from '../terminal/columns.ts'
import { takeSurvey, type PoolOptions } from '../node/survey.ts'
import { poolView, type PoolView } from './view.ts'

/** @returns a table of all pools, or JSON */
export async function listPools(
  columns: readonly Column<PoolView>[],
  options: PoolOptions,
  json: boolean,
): Promise<string> {
  const { pools } = await takeSurvey(options)
  const views = await Promise.all(pools.map(poolView))
  return json ? JSON.stringify(views, undefined, 2) : printTable(columns, views)
}
