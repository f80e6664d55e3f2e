import { groupSnapshot, membersOf, readyToUse } from '../../e2e/support/copies.ts'
import type { KubeObject } from '../../e2e/support/kubectl.ts'
import type { Namespace } from '../../e2e/support/namespace.ts'
import { claim, ofClaim, pod, snapshot, type ClaimWishes } from '../../e2e/support/objects.ts'
import type { CopyKind } from './plan.ts'
import { claimOf, replicaAt, type Volume } from './replicas.ts'
import { groupLabels, PROGRAMS_IMAGE } from './stateful-set.ts'
import {
  findingsQuery,
  parseFindings,
  postgres,
  sqlite,
  type Findings,
  type Program,
} from './transactions.ts'

const PATIENCE = { timeoutMs: 900_000 }

export interface Copy {
  readonly on: Namespace
  readonly kind: CopyKind
  /** For its objects, beside the volume's. */
  readonly name: string
  /** Whose volumes are copied. */
  readonly replica: number
  /** The replica's. */
  readonly node: string
  /** Of the claims of the copy; at least that of the replica's. */
  readonly size: string
}

type Source = NonNullable<ClaimWishes['from']>

/** The program whose volumes are copied so: one volume, or several at the same point in time. */
export function programOf(kind: CopyKind): Program {
  return kind === 'group' ? postgres : sqlite
}

/** Copies the volumes of a running program, and claims the copy. @returns when a pod runs on it */
export async function makeCopy(copy: Copy): Promise<void> {
  const { on, name, node } = copy
  const sources = await copySources(copy)
  const claims = sources.map(([volume, from]) => claimOfCopy(copy, volume, from))
  const mounts = Object.fromEntries(
    sources.map(([volume]) => [volume === 'wal' ? 'wal' : 'data', ofClaim(`${name}-${volume}`)]),
  )
  await on.apply(...claims, pod(name, { node, image: PROGRAMS_IMAGE, volumes: mounts }))
  await on.running([name], PATIENCE)
}

/** Recovers a copy in its pod. @returns what it has. @throws Error when it is damaged */
export async function recover({ on, kind, name }: Copy): Promise<Findings> {
  const program = programOf(kind)
  return parseFindings(await on.kubectl('exec', name, '--', program.check, findingsQuery(program)))
}

export async function removeCopy({ on, kind, name }: Copy): Promise<void> {
  await on.delete('pod', name)
  const volumes: readonly Volume[] = kind === 'group' ? ['data', 'wal'] : ['lite']
  await on.delete('pvc', ...volumes.map((volume) => `${name}-${volume}`))
  if (kind === 'snapshot') await on.delete('volumesnapshot', name)
  if (kind === 'group') await on.delete('volumegroupsnapshot', name)
}

/** Creates the snapshots, where the copy is of some. */
async function copySources({ on, kind, name, replica }: Copy): Promise<[Volume, Source][]> {
  switch (kind) {
    case 'clone':
      return [['lite', { kind: 'PersistentVolumeClaim', name: claimOf('lite', replica) }]]
    case 'snapshot':
      await on.apply(snapshot(name, claimOf('lite', replica)))
      await readyToUse(on, 'volumesnapshot', name, PATIENCE)
      return [['lite', { kind: 'VolumeSnapshot', name }]]
    case 'group':
      await on.apply(groupSnapshot(name, groupLabels(replica)))
      await readyToUse(on, 'volumegroupsnapshot', name, PATIENCE)
      return membersOfGroup(on, name, replica)
  }
}

async function membersOfGroup(on: Namespace, name: string, replica: number): Promise<[Volume, Source][]> {
  const members = await membersOf(on, name)
  return (['data', 'wal'] as const).map((volume) => {
    const member = members.get(claimOf(volume, replica))
    if (member === undefined) throw new Error(`group snapshot ${name} has no member of ${volume}`)
    return [volume, { kind: 'VolumeSnapshot', name: member }]
  })
}

function claimOfCopy({ name, replica, size }: Copy, volume: Volume, from: Source): KubeObject {
  const { storageClass } = replicaAt(replica)
  return claim(`${name}-${volume}`, { storageClass, size, from })
}
