import {
  asTheErrorSays,
  type IssueKind,
  type Place,
  type PoolStatus,
  type Severity,
  type VolumeStatus,
} from './issue-kind.ts'
import { machineIssues } from './machine.ts'
import { poolIssues, type unreachablePools } from './pools.ts'
import { volumeIssues } from './volumes.ts'

/** Issues that only the controller sees, which compares the nodes with the objects of the cluster. */
const clusterIssues = {
  VolumeMissing: {
    severity: 'warning',
    message: ({ volumeId, node }: { readonly volumeId: string; readonly node: string }) =>
      `volume "${volumeId}" does not exist on its node "${node}"`,
    advice: 'remedy',
    remedy: () => 'restore the claim from a snapshot or a backup',
  },
  NodeLost: {
    severity: 'warning',
    message: ({ volumeId, node }: { readonly volumeId: string; readonly node: string }) =>
      `node "${node}" no longer exists, and volume "${volumeId}" was on its disk`,
    advice: 'remedy',
    remedy: () => 'delete the claim, or bring the node back under its name',
  },
  OrphanedVolumes: {
    severity: 'warning',
    message: ({ listed, more }: { readonly listed: readonly string[]; readonly more: number }) =>
      `volumes without a PersistentVolume take space on this node: ${listed.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    advice: 'remedy',
    remedy: () =>
      'create PersistentVolumes for those that are needed, and delete the others (--delete-orphans deletes those that this cluster has created)',
  },
  NoRoom: {
    severity: 'warning',
    message: asTheErrorSays,
    remedy: () => 'delete volumes and snapshots, or give a pool more room',
  },
  SourceOnOtherNode: {
    severity: 'warning',
    message: asTheErrorSays,
    remedy: () => 'let the pod run on the node of the source',
  },
} as const satisfies Record<string, IssueKind>

/**
 * Every problem that is reported about a volume, a pool, a node or the cluster: by CSI's health calls,
 * `doctor`, the log, events and docs/reference/health.md, whose sections are these.
 */
export const catalogue = {
  Pools: poolIssues,
  Volumes: volumeIssues,
  Cluster: clusterIssues,
  'Machine and driver': machineIssues,
} as const

const kinds = { ...poolIssues, ...volumeIssues, ...clusterIssues, ...machineIssues } as const

type Kinds = typeof kinds

/** Names an issue for programs: one word in CamelCase. */
export type Reason = keyof Kinds

/** Why a pool cannot be used now. */
export type UnreachableReason = keyof typeof unreachablePools

/** An issue as a report without a field for the remedy has it. */
export interface Issue<Status = unknown> {
  readonly status: Status
  readonly reason: Reason
  /** For people: the problem, and what to do. */
  readonly message: string
}

export type VolumeIssue = Issue<VolumeStatus>

export interface StorageIssue extends Issue<PoolStatus> {
  /** The pool's name. */
  readonly pool: string
}

/** An issue as `doctor` prints it. */
export interface Finding {
  readonly severity: Severity
  readonly reason: Reason
  /** What is wrong, and with what. */
  readonly message: string
  /** What to do about it: the command, where there is one. */
  readonly remedy: string
}

/**
 * What a text names; `unknown` where there is no such text, or it names nothing. For several kinds, all that
 * one of them names.
 */
type NamedBy<Kind, Text extends keyof IssueKind> = [Kind] extends [
  Readonly<Record<Text, (facts: infer Facts) => unknown>>,
]
  ? Facts
  : unknown

type IssueFacts<Kind> = NamedBy<Kind, 'message'> &
  NamedBy<Kind, [Kind] extends [{ readonly advice: 'remedy' }] ? 'remedy' : 'advice'>

type FindingFacts<Kind> = NamedBy<Kind, 'message'> & NamedBy<Kind, 'remedy'> & NamedBy<Kind, 'warnsOnly'>

type StatusOf<R extends Reason> = Kinds[R] extends { readonly status: infer Status } ? Status : undefined

/** An issue of the catalogue, for a report without a field for the remedy. */
export function issueOf<R extends Reason>(reason: R, facts: IssueFacts<Kinds[R]>): Issue<StatusOf<R>> {
  const { message, remedy, status, ...kind }: IssueKind = kinds[reason]
  const advice = kind.advice === 'remedy' ? remedy : kind.advice
  const text = message(facts as never)
  const report = advice ? `${text}; ${advice(facts as never)}` : text
  return { status: status as StatusOf<R>, reason, message: report }
}

/** An issue of the catalogue, with its severity and its remedy. */
export function findingOf<R extends Reason>(reason: R, facts: FindingFacts<Kinds[R]>): Finding {
  const { message, remedy, severity, warnsOnly }: IssueKind = kinds[reason]
  return {
    severity: warnsOnly?.(facts as never) ? 'warning' : severity,
    reason,
    message: message(facts as never),
    remedy: remedy(facts as never),
  }
}

/** The finding of an issue of a pool or volume that health has found. @param place for the remedy */
export function toFinding({ message, reason }: Issue, place: Place): Finding {
  const { remedy, severity }: IssueKind = kinds[reason]
  return { severity, reason, message, remedy: remedy(place as never) }
}

/** In one line, for a log. */
export function describeFinding({ message, remedy }: Finding): string {
  return `${message}: ${remedy}`
}
