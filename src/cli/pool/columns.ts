import { styleText } from 'node:util'
import { formatBytes } from '../../volumes/model/bytes.ts'
import type { Column } from '../terminal/columns.ts'
import { percent } from '../terminal/text.ts'
import type { PoolView, SpaceView } from './view.ts'

const name: Column<PoolView> = { head: 'POOL', cell: ({ name }) => name }

/** `pool ls`. */
export const listColumns: readonly Column<PoolView>[] = [
  name,
  { head: 'STATE', cell: ({ state }) => (state === 'unreachable' ? styleText('red', state) : state) },
  count('VOLUMES', ({ volumes }) => volumes),
  count('SNAPSHOTS', ({ snapshots }) => snapshots),
  count('DAMAGED', ({ damaged }) => damaged),
  { head: 'PATH', cell: ({ imageFile, path }) => imageFile ?? path },
]

/** `pool df`. */
export const spaceColumns: readonly Column<PoolView>[] = [
  name,
  size('SIZE', ({ usableBytes }) => usableBytes),
  size('ALLOCATED', ({ allocatedBytes }) => allocatedBytes),
  {
    head: 'USE%',
    cell: ({ space }) => (space ? percent(space.allocatedBytes, space.usableBytes) : '-'),
    isFigure: true,
  },
  size('PROMISED', ({ promisedBytes }) => promisedBytes),
  { head: 'OVERCOMMIT', cell: ({ overcommit }) => `${overcommit}`, isFigure: true },
  size('AVAILABLE', ({ availableBytes }) => availableBytes),
]

function count(head: string, of: (pool: PoolView) => number): Column<PoolView> {
  return { head, cell: (pool) => `${of(pool)}`, isFigure: true }
}

function size(head: string, of: (space: SpaceView) => number): Column<PoolView> {
  return { head, cell: ({ space }) => (space ? formatBytes(BigInt(of(space))) : '-'), isFigure: true }
}
