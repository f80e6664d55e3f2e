import { eventually, type Patience } from '../../support/eventually.ts'
import type { KubeObject } from './kubectl.ts'
import type { Namespace } from './namespace.ts'

interface Snapshot extends KubeObject {
  readonly status?: { readonly readyToUse?: boolean; readonly error?: { readonly message: string } }
}

interface Member extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[]
  }
  readonly spec: { readonly source: { readonly persistentVolumeClaimName?: string } }
}

export function groupSnapshot(name: string, matchLabels: Readonly<Record<string, string>>): KubeObject {
  return {
    apiVersion: 'groupsnapshot.storage.k8s.io/v1',
    kind: 'VolumeGroupSnapshot',
    metadata: { name },
    spec: { volumeGroupSnapshotClassName: 'loop', source: { selector: { matchLabels } } },
  }
}

/** Waits until a snapshot, or a group of them, can be restored. */
export async function readyToUse(
  on: Namespace,
  kind: 'volumesnapshot' | 'volumegroupsnapshot',
  name: string,
  patience?: Patience,
): Promise<void> {
  await eventually(
    `${kind} ${name} is ready`,
    async () => {
      const { status } = await on.get<Snapshot>(kind, name)
      if (status?.readyToUse !== true) throw new Error(status?.error?.message ?? 'no answer yet')
    },
    patience,
  )
}

/** The snapshots of a group, by the claims that they are of. */
export async function membersOf(on: Namespace, group: string): Promise<Map<string, string>> {
  const snapshots = await on.getAll<Member>('volumesnapshot')
  const members = snapshots.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ kind, name }) => kind === 'VolumeGroupSnapshot' && name === group),
  )
  return new Map(
    members.map(({ metadata, spec }) => [spec.source.persistentVolumeClaimName ?? '', metadata.name]),
  )
}
