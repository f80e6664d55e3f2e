import { kindNames, kindOf, type Kind } from '../model/kinds.ts'
import type { Operation, Outcome, SnapshotName, VolumeName } from '../model/operations.ts'
import { Subject } from '../model/subject.ts'
import type { TestNode } from '../support/driver.ts'
import type { Content, Found } from './expectation.ts'

/**
 * Looks at all that a driver has, in the way of a CO: lists it, uses each volume, and restores each snapshot.
 * It takes volumes away for that.
 * @param kinds of the volumes and snapshots
 * @param isThick when it was looked at
 * @throws Error for a call that fails
 */
export async function inspect(
  node: TestNode,
  kinds: readonly Kind[] = kindNames,
  isThick?: (volume: VolumeName) => boolean,
): Promise<Found> {
  const subject = new Subject(node, kinds)
  const call = (operation: Operation): Promise<string> => successOf(subject, operation)
  const volumes = new Map<VolumeName, Content>()
  for (const [volume, size] of entriesOf(await call({ call: 'listVolumes' }))) {
    const name = volume as VolumeName
    const content = { size: Number(size), stamp: await contentOf(call, name), isThick: isThick?.(name) }
    volumes.set(name, content)
  }
  const snapshots = new Map<SnapshotName, Content>()
  for (const [snapshot, , text] of entriesOf(await call({ call: 'listSnapshots' }))) {
    const name = snapshot as SnapshotName
    const size = Number(text)
    const volume: VolumeName = `${kindOf(name)}-a`
    await call({ call: 'delete', volume })
    await call({ call: 'create', volume, size, source: { type: 'snapshot', name } })
    snapshots.set(name, { size, stamp: await contentOf(call, volume) })
  }
  return { volumes, snapshots }
}

async function contentOf(
  call: (operation: Operation) => Promise<string>,
  volume: VolumeName,
): Promise<number> {
  await call({ call: 'stage', volume })
  await call({ call: 'publish', volume })
  const stamp = Number(await call({ call: 'read', volume }))
  await call({ call: 'unpublish', volume })
  await call({ call: 'unstage', volume })
  return stamp
}

/** @returns what there is in the answer */
async function successOf(subject: Subject, operation: Operation): Promise<string> {
  const outcome: Outcome = await subject.perform(operation)
  if (outcome !== 'OK' && !outcome.startsWith('OK '))
    throw new Error(`${JSON.stringify(operation)}: ${outcome}`)
  return outcome.slice('OK '.length)
}

/** The words of each line of a list. */
function entriesOf(list: string): string[][] {
  return list === '' ? [] : list.split(', ').map((line) => line.split(' '))
}
