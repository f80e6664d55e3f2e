import type { Command } from 'commander'
import type { PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import type { VolumeOnNode } from '../../volumes/inspection/volume-on-node.ts'
import { VolumeError, messageOf } from '../../volumes/model/errors.ts'
import type { Snapshot } from '../../volumes/model/snapshot.ts'
import type { Volume } from '../../volumes/model/volume.ts'
import type { PoolOptions } from '../node/commands.ts'
import { inspectNode, inspectVolume, type InspectedNode } from '../node/inspect.ts'
import type { OperatorMachine } from '../node/machine.ts'
import { jsonOption } from '../terminal/options.ts'
import { claimOf } from './view.ts'

/** What `findVolume` accepts, for the help. */
export const WHICH_VOLUME = 'id, name of the PersistentVolume, or <namespace>/<name> of the claim'

/** Gives a command one or more volumes as arguments, and --json. */
export function takesVolumes(
  command: Command,
  run: (references: readonly string[], options: PoolOptions, json: boolean) => Promise<void>,
): Command {
  return command
    .argument('<volume...>', WHICH_VOLUME)
    .addOption(jsonOption())
    .action(
      async (
        references: string[],
        { json = false, ...options }: PoolOptions & { readonly json?: boolean },
      ) => {
        await run(references, options, json)
      },
    )
}

export interface Found<T> {
  readonly pool: PoolOnDisk
  readonly record: T
}

/**
 * @param reference an id, the name of a PersistentVolume, or `namespace/name` of a claim
 * @throws VolumeError not-found; failed-precondition for a damaged volume, or when several have the name
 */
export function findVolume(node: Pick<InspectedNode, 'pools'>, reference: string): Found<Volume> {
  const found = node.pools.flatMap((pool) =>
    pool.volumes.records
      .filter((volume) => [volume.id, volume.name, claimOf(volume)].includes(reference))
      .map((record) => ({ pool, record })),
  )
  return only('volume', reference, found, node, (pool) => pool.volumes.damaged)
}

/** @param reference an id, or CreateSnapshot's name @throws VolumeError as `findVolume` */
export function findSnapshot(node: Pick<InspectedNode, 'pools'>, reference: string): Found<Snapshot> {
  const found = node.pools.flatMap((pool) =>
    pool.snapshots.records
      .filter(({ id, name }) => [id, name].includes(reference))
      .map((record) => ({ pool, record })),
  )
  return only('snapshot', reference, found, node, (pool) => pool.snapshots.damaged)
}

/** @throws VolumeError as `findVolume` */
export async function findVolumes(
  machine: OperatorMachine,
  references: readonly string[],
  options: PoolOptions,
): Promise<VolumeOnNode[]> {
  const node = await inspectNode(machine, options)
  const find = async (reference: string): Promise<VolumeOnNode> => {
    const { pool, record } = findVolume(node, reference)
    return await inspectVolume(pool, record, node)
  }
  return await Promise.all(references.map(find))
}

/** @throws VolumeError failed-precondition with the device and the mounts of a volume in use */
export function requireUnused({ devices, mounts, volume }: VolumeOnNode, advice: string): void {
  const [own] = devices
  if (!own) return
  const at = mounts.length > 0 ? `, mounted at ${mounts.map(({ target }) => target).join(' and ')}` : ''
  throw inUse(volume.id, `attached to ${own.device.path}${at}`, advice)
}

/**
 * @param how how the volume is used: a locked image without a device is only known to be used by a process
 */
export function inUse(id: string, how: string, advice: string): VolumeError {
  return new VolumeError('failed-precondition', `volume "${id}" is in use (${how}); ${advice}`)
}

function only<T extends { readonly id: string }>(
  kind: string,
  reference: string,
  found: readonly Found<T>[],
  { pools }: Pick<InspectedNode, 'pools'>,
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
      `${kind} "${reference}" cannot be used: ${messageOf(damage)}`,
    )
  }
  const unread = pools.filter(({ state }) => state !== 'ready' && state !== 'new')
  const unreadPools = unread.map(({ config, state }) => `pool "${config.name}" is ${state}`)
  const why = unreadPools.length > 0 ? `; ${unreadPools.join(', ')}, and may have it` : ''
  throw new VolumeError('not-found', `there is no ${kind} "${reference}" on this node${why}`)
}
