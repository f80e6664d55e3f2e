import type { Extent } from '../../model/arbitraries.ts'
import type { Kind } from '../../model/kinds.ts'
import type { Operation } from '../../model/operations.ts'
import type { State } from '../../model/state.ts'
import type { Ground } from '../../power/power-cuts.ts'

/** What is known of the volumes of one kind. */
export interface Known {
  /** What could be there after the last calls that were answered. */
  readonly states: readonly State[]
  /** Calls that had begun and were not answered. */
  readonly underWay: readonly Operation[]
}

/** By kind: each has a caller of its own. */
export type Acknowledged = Readonly<Partial<Record<Kind, Known>>>

/** What a guest is to do with the disk. */
export interface Orders extends Ground {
  /**
   * `recover`: start the driver, and no more. `check`: look at all that there is, and delete it. `work`: do
   * so, then make calls until the power is cut.
   */
  readonly task: 'recover' | 'check' | 'work'
  readonly kinds: readonly Kind[]
  readonly extent: Extent
  readonly seed: number
  readonly expected: Acknowledged
}

/** What a guest tells the host, a line of JSON each. */
export type Message =
  | { readonly type: 'starting' | 'serving' | 'working' }
  /** How many volumes and snapshots there were. */
  | { readonly type: 'checked'; readonly volumes: number; readonly snapshots: number }
  | { readonly type: 'begun'; readonly kind: Kind; readonly operations: readonly Operation[] }
  | { readonly type: 'answered'; readonly kind: Kind; readonly states: readonly State[] }
  | { readonly type: 'failed'; readonly error: string }
