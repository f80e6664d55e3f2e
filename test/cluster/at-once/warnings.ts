import type { KubeObject } from '../../e2e/support/kubectl.ts'

/** As v1 has events; newer components count in `series`. */
export interface Event extends KubeObject {
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  readonly count?: number
  readonly series?: { readonly count: number }
}

/** Warnings of one kind: errors that Kubernetes has retried. */
export interface Warnings {
  readonly reason: string
  /** One of them, without names that only one object has. */
  readonly message: string
  /** Objects with this warning. */
  readonly events: number
  /** How often it was reported for all of them. */
  readonly times: number
}

/** Warnings by reason and message, the most frequent first. */
export function tallyWarnings(events: readonly Event[]): Warnings[] {
  const found = new Map<string, Warnings>()
  for (const { type, reason = '', message = '', count, series } of events) {
    if (type !== 'Warning') continue
    const general = withoutNames(message)
    const key = `${reason} ${general}`
    const before = found.get(key) ?? { reason, message: general, events: 0, times: 0 }
    const times = before.times + (series?.count ?? count ?? 1)
    found.set(key, { ...before, events: before.events + 1, times })
  }
  return [...found.values()].sort((a, b) => b.times - a.times)
}

/** UIDs, other hashes, numbers at the end of names, and what follows the first line go. */
function withoutNames(message: string): string {
  const [line = ''] = message.split('\n')
  return line
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '…')
    .replaceAll(/\b[0-9a-f]{8,}(?:-[0-9a-f]{8,})*\b/g, '…')
    .replaceAll(/\b((?:[a-z]+-)+)\d+\b/g, '$1…')
    .trim()
}
