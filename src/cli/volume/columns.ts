import { styleText } from 'node:util'
import { formatBytes } from '../../volumes/model/bytes.ts'
import type { Column } from '../terminal/columns.ts'
import { percent } from '../terminal/text.ts'
import type { VolumeView } from './view.ts'

const size = (bytes: number): string => formatBytes(BigInt(bytes))
const NONE = '-'

const id: Column<VolumeView> = { head: 'VOLUME', cell: (volume) => volume.id }
const claim: Column<VolumeView> = { head: 'CLAIM', cell: ({ claim }) => claim ?? NONE }
const type: Column<VolumeView> = {
  head: 'TYPE',
  cell: ({ fsType, problem }) => fsType ?? (problem === null ? 'block' : NONE),
}
const allocated: Column<VolumeView> = {
  head: 'ALLOCATED',
  cell: ({ allocatedBytes, problem }) => (problem === null ? size(allocatedBytes) : NONE),
  isFigure: true,
}

/** `volume ls`. */
export const listColumns: readonly Column<VolumeView>[] = [
  id,
  claim,
  { head: 'POOL', cell: ({ pool }) => pool },
  type,
  {
    head: 'SIZE',
    cell: ({ capacityBytes, problem }) => (problem === null ? size(capacityBytes) : NONE),
    isFigure: true,
  },
  allocated,
  { head: 'DEVICE', cell: ({ devices: [own] }) => own?.path ?? NONE },
  { head: 'STATUS', cell: statusOf },
]

/** `volume df`: as df(1) has it, with what the image takes. */
export const usageColumns: readonly Column<VolumeView>[] = [
  id,
  claim,
  type,
  ofUsage('SIZE', ({ totalBytes }) => size(totalBytes)),
  ofUsage('USED', ({ usedBytes }) => size(usedBytes)),
  ofUsage('AVAIL', ({ availableBytes }) => size(availableBytes)),
  ofUsage('USE%', ({ availableBytes, usedBytes }) => percent(usedBytes, usedBytes + availableBytes)),
  ofUsage('IUSE%', ({ totalInodes, usedInodes }) => percent(usedInodes, totalInodes)),
  allocated,
  { head: 'MOUNTED ON', cell: ({ mounts: [first] }) => first?.target ?? NONE },
]

/** In one word. */
export function statusOf({ devices, mounts, problem }: VolumeView): string {
  if (problem !== null) return styleText('red', 'damaged')
  if (mounts.length > 0) return 'mounted'
  return devices.length > 0 ? 'attached' : 'unused'
}

function ofUsage(
  head: string,
  cell: (usage: NonNullable<VolumeView['usage']>) => string,
): Column<VolumeView> {
  return { head, cell: ({ usage }) => (usage ? cell(usage) : NONE), isFigure: true }
}
