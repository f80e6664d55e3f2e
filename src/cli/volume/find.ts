import { VolumeError, messageOf } from '../../volumes/model/errors.ts'
import type { PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import type { Snapshot } from '../../volumes/model/snapshot.ts'
import type { Volume } from '../../volumes/model/volume.ts'
import type { Survey } from '../node/survey.ts'
import { claimOf } from './view.ts'

export interface Found<T> {
  readonly pool: PoolOnDisk
  readonly record: T
}

/**
 * @param reference an id, the name of a PersistentVolume, or `namespace/name` of a claim
 * @throws VolumeError not-found; failed-precondition for a damaged volume, or when several have the name
 */
export function findVolume(survey: Pick<Survey, 'pools'>, reference: string): Found<Volume> {
  const found = survey.pools.flatMap((pool) =>
    pool.volumes.records
      .filter((volume) => [volume.id, volume.name, claimOf(volume)].includes(reference))
      .map((record) => ({ pool, record })),
  )
  return only('volume', reference, found, survey, (pool) => pool.volumes.damaged)
}

/** As `findVolume`. @param reference an id, or CreateSnapshot's name */
export function findSnapshot(survey: Pick<Survey, 'pools'>, reference: string): Found<Snapshot> {
  const found = survey.pools.flatMap((pool) =>
    pool.snapshots.records
      .filter(({ id, name }) => [id, name].includes(reference))
      .map((record) => ({ pool, record })),
  )
  return only('snapshot', reference, found, survey, (pool) => pool.snapshots.damaged)
}

function only<T extends { readonly id: string }>(
  what: string,
  reference: string,
  found: readonly Found<T>[],
  { pools }: Pick<Survey, 'pools'>,
  damagedIn: (pool: PoolOnDisk) => ReadonlyMap<string, Error>,
): Found<T> {
  const [first, second] = found
  if (first && second) {
    const ids = found.map(({ record }) => record.id).join(', ')
    throw new VolumeError('failed-precondition', `"${reference}" is the name of several: ${ids}; give the id`)
  }
  if (first) return first
  const damage = pools.map((pool) => damagedIn(pool).get(reference)).find((error) => error !== undefined)
  if (damage) {
    throw new VolumeError(
      'failed-precondition',
      `${what} "${reference}" cannot be used: ${messageOf(damage)}`,
    )
  }
  const unseen = pools.filter(({ state }) => state !== 'ready' && state !== 'new')
  const hidden = unseen.map(({ config, state }) => `pool "${config.name}" is ${state}`)
  const why = hidden.length > 0 ? `; ${hidden.join(', ')}, and may have it` : ''
  throw new VolumeError('not-found', `there is no ${what} "${reference}" on this node${why}`)
}
