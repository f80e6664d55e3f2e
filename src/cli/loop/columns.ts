import { formatBytes } from '../../volumes/model/bytes.ts'
import type { Column } from '../terminal/columns.ts'

/** A bound loop device as `loop ls --json` prints it: the names of its fields stay as they are. */
export interface LoopView {
  readonly device: string
  readonly sizeBytes: number
  readonly readOnly: boolean
  readonly autoclear: boolean
  readonly directIo: boolean
  readonly name: string
  readonly backingInode: string
  /** The path is the kernel's, of the namespace that attached it. */
  readonly file: string
}

/** `loop ls`. */
export const loopColumns: readonly Column<LoopView>[] = [
  { head: 'DEVICE', cell: ({ device }) => device },
  { head: 'SIZE', cell: ({ sizeBytes }) => formatBytes(BigInt(sizeBytes)), isFigure: true },
  { head: 'FLAGS', cell: flags },
  { head: 'NAME', cell: ({ name }) => name },
  { head: 'FILE', cell: ({ file }) => file },
]

function flags({ autoclear, directIo, readOnly }: LoopView): string {
  return [readOnly ? 'ro' : 'rw', autoclear && 'autoclear', directIo && 'direct'].filter(Boolean).join(',')
}
