import type { VolumeOnNode } from '../../volumes/inspection/volume-on-node.ts'
import { takeSurvey, volumeOf, type PoolOptions } from '../node/survey.ts'
import { findVolume } from './find.ts'

/**
 * The volumes that are meant, with what the kernel knows of them.
 * @throws VolumeError as `findVolume` does
 */
export async function selectVolumes(
  references: readonly string[],
  options: PoolOptions,
): Promise<VolumeOnNode[]> {
  const survey = await takeSurvey(options)
  const select = async (reference: string): Promise<VolumeOnNode> => {
    const { pool, record } = findVolume(survey, reference)
    return await volumeOf(pool, record, survey)
  }
  return await Promise.all(references.map(select))
}
