import { printTable, type Column } from '../terminal/columns.ts'
import { takeSurvey, type PoolOptions } from '../node/survey.ts'
import { volumeViews, type VolumeView } from './view.ts'

/** @returns a table of all volumes, or JSON */
export async function listVolumes(
  columns: readonly Column<VolumeView>[],
  options: PoolOptions,
  json: boolean,
): Promise<string> {
  const volumes = await volumeViews(await takeSurvey(options))
  return json ? JSON.stringify(volumes, undefined, 2) : printTable(columns, volumes)
}
