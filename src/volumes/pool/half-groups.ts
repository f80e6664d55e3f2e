import type { Pool } from './pool.ts'

/**
 * Removes what a crash has left of groups of snapshots, whose members appear and disappear one by one, each in the pool of
 * its volume. Damaged members are not taken for missing.
 * @param pools all of them: a member in another one would seem to be missing
 */
export async function removeHalfGroups(pools: readonly Pool[]): Promise<void> {
  const isThere = (id: string): boolean =>
    pools.some(({ snapshots }) => snapshots.get(id) !== undefined || snapshots.damaged.has(id))
  const halves = pools.flatMap(({ snapshots }) =>
    snapshots
      .values()
      .filter(({ group }) => group && !group.members.every(isThere))
      .map(({ id }) => ({ id, snapshots })),
  )
  for (const { id, snapshots } of halves) await snapshots.remove(id)
}
