import type { Kind } from '../../model/kinds.ts'
import type { Operation, SnapshotName, VolumeName } from '../../model/operations.ts'
import { Subject } from '../../model/subject.ts'
import { empty } from '../../model/state.ts'
import { difference, expectationOf } from '../../power/expectation.ts'
import { inspect } from '../../power/inspection.ts'
import type { GuestNode } from './guest-node.ts'
import type { Orders } from './messages.ts'

/** How much there was. */
export interface Checked {
  readonly volumes: number
  readonly snapshots: number
}

/**
 * Looks at all that there is after a power cut, and deletes it.
 * @throws Error when something is there that must not be, or is not that must be
 */
export async function check(guest: GuestNode, { expected, kinds }: Orders): Promise<Checked> {
  await guest.requireNothingLeft()
  await guest.requireHealthy()
  const thick = guest.thickNames(await guest.volumes())
  const checked = { volumes: 0, snapshots: 0 }
  for (const kind of kinds) {
    const { states, underWay } = expected[kind] ?? { states: [empty], underWay: [] }
    const found = await inspect(guest.node, [kind], (volume) => thick.has(volume))
    checked.volumes += found.volumes.size
    checked.snapshots += found.snapshots.size
    const wrong = difference(expectationOf(states, underWay), found)
    if (wrong !== undefined) throw new Error(`${kind}, with ${JSON.stringify(underWay)} under way: ${wrong}`)
  }
  await guest.requireSound(await guest.volumes())
  for (const kind of kinds) await deleteAll(new Subject(guest.node, [kind]), kind)
  await guest.requireNothingInUse()
  return checked
}

/** @throws Error for a call that fails */
async function deleteAll(subject: Subject, kind: Kind): Promise<void> {
  const must = async (operation: Operation): Promise<string> => {
    const outcome = await subject.perform(operation)
    if (!/^OK( |$)/.test(outcome)) throw new Error(`${JSON.stringify(operation)}: ${outcome}`)
    return outcome.slice('OK '.length)
  }
  for (const volume of namesIn(await must({ call: 'listVolumes' })))
    await must({ call: 'delete', volume: volume as VolumeName })
  await must({ call: 'deleteGroup', kind })
  for (const snapshot of namesIn(await must({ call: 'listSnapshots' })))
    await must({ call: 'deleteSnapshot', snapshot: snapshot as SnapshotName })
  const left = [await must({ call: 'listVolumes' }), await must({ call: 'listSnapshots' })].join('')
  if (left !== '') throw new Error(`not deleted: ${left}`)
}

/** The first words of a list's entries. */
function namesIn(list: string): string[] {
  return list === '' ? [] : list.split(', ').map((entry) => entry.split(' ')[0] ?? '')
}
