/** What a volume is used as. */
export const kinds = ['block', 'ext4', 'xfs', 'btrfs'] as const
export type Kind = (typeof kinds)[number]

/** The operations that are held open, and what is prepared for each of them (long-operations.ts). */
export const longOperations = [
  'snapshot',
  'clone',
  'group',
  'restore',
  'export',
  'check',
  'trim',
  'makeThick',
  'makeThin',
  'grow',
] as const
export type LongOperation = (typeof longOperations)[number]

/** Which volume: the first source, the second one, or what the operation makes. */
export type Which = 'a' | 'b' | 'copy'

/** One call, or one change of the world, while an operation is held open. */
export type Beside =
  | { readonly call: 'write'; readonly records: number }
  | { readonly call: 'fill'; readonly volume: Which }
  | { readonly call: 'expand'; readonly volume: Which }
  | { readonly call: 'nodeExpand'; readonly volume: Which }
  | { readonly call: 'modify'; readonly volume: Which; readonly parameters: Readonly<Record<string, string>> }
  | { readonly call: 'stage'; readonly volume: Which }
  | { readonly call: 'unstage'; readonly volume: Which }
  | { readonly call: 'publish'; readonly volume: Which }
  | { readonly call: 'unpublish'; readonly volume: Which }
  | { readonly call: 'restage'; readonly volume: Which }
  | { readonly call: 'delete'; readonly volume: Which }
  | { readonly call: 'deleteSnapshot' }
  | { readonly call: 'snapshot' }
  | { readonly call: 'again' }
  | { readonly call: 'abandon' }
  | { readonly call: 'list' }
  | { readonly call: 'trim'; readonly volume: Which }
  | { readonly call: 'lazyUnmount'; readonly volume: Which; readonly of: 'staging' | 'target' }
  | { readonly call: 'remount'; readonly volume: Which }
  | { readonly call: 'removeImage'; readonly volume: Which }
  | { readonly call: 'noDescriptors' }

/**
 * One long operation, held open at one of its steps while others run, and then let go, or killed with its
 * driver.
 */
export interface Crossing {
  readonly kind: Kind
  readonly operation: LongOperation
  /** False while the source is unused: it is not staged when the operation begins. */
  readonly isUsed: boolean
  /** The step before which it is held (support/seam/order.ts). One that is never reached holds nothing. */
  readonly step: string
  readonly besides: readonly Beside[]
  readonly end: 'release' | 'kill'
}
