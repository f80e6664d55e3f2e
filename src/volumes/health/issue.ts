/** How bad it is: it works, but not as it should; it cannot be used now; some of its content is gone. */
export type VolumeStatus = 'degraded' | 'inaccessible' | 'data-loss'

/** One thing that is wrong with a volume. */
export interface VolumeIssue {
  readonly status: VolumeStatus
  /** For programs, one word in CamelCase. */
  readonly reason: string
  /** For people: what is wrong, and what to do. */
  readonly message: string
}

/** One thing that is wrong with a pool. */
export interface StorageIssue {
  /** The pool's name. */
  readonly pool: string
  readonly status: 'degraded' | 'unreachable'
  /** For programs, one word in CamelCase. */
  readonly reason: string
  /** For people: which pool, what is wrong, and what to do. */
  readonly message: string
}

/** CSI allows each pair of status and reason once per volume. */
export function withoutRepetitions(issues: readonly VolumeIssue[]): VolumeIssue[] {
  const first = new Map<string, VolumeIssue>()
  for (const issue of issues) {
    const key = `${issue.status} ${issue.reason}`
    if (!first.has(key)) first.set(key, issue)
  }
  return [...first.values()]
}

/** One thing that is wrong with a node, its pools or its volumes, for whoever operates it. */
export interface Finding {
  /**
   * With an error something does not work, or data is in danger; a warning costs a part of it, or may do so.
   */
  readonly severity: 'error' | 'warning'
  /** For programs, one word in CamelCase. */
  readonly reason: string
  /** What is wrong, and with what. */
  readonly message: string
  /** What to do about it: the command, where there is one. */
  readonly cure: string
}

/** In one line, for a log. */
export function describeFinding({ message, cure }: Finding): string {
  return `${message}: ${cure}`
}
