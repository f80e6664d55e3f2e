import { styleText } from 'node:util'
import type { PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import { formatBytes } from '../../volumes/model/bytes.ts'
import { messageOf } from '../../volumes/model/errors.ts'
import { printsTable, type Listing, type NodeCommands, type PoolOptions } from '../node/commands.ts'
import { inspectNode, inspectVolumes, unreadPools } from '../node/inspect.ts'
import type { OpenMachine } from '../node/machine.ts'
import { explain } from '../terminal/help.ts'
import { percent, type Column } from '../terminal/text.ts'
import { damagedView, toView, type UsageView, type VolumeView } from './view.ts'

const NONE = '-'

/** Of the exit code. */
const PARTIAL =
  'Exit code: 1 when a pool cannot be read; stderr names the pool and the reason, and the volumes of the other pools are printed.'

const id: Column<VolumeView> = { head: 'VOLUME', cell: (volume) => volume.id }
const claim: Column<VolumeView> = { head: 'CLAIM', cell: ({ claim }) => claim ?? NONE }
const type: Column<VolumeView> = {
  head: 'TYPE',
  cell: ({ fsType, problem }) => fsType ?? (problem === null ? 'block' : NONE),
}
const allocated = sizeColumn('ALLOCATED', ({ allocatedBytes }) => allocatedBytes)

/** `volume ls`. */
export function addLs({ add, machine }: NodeCommands): void {
  const command = add('ls', 'List the volumes: their claims, sizes and devices')
  const columns: readonly Column<VolumeView>[] = [
    id,
    claim,
    { head: 'POOL', cell: ({ pool }) => pool },
    type,
    sizeColumn('SIZE', ({ capacityBytes }) => capacityBytes),
    allocated,
    { head: 'DEVICE', cell: ({ devices: [own] }) => own?.path ?? NONE },
    { head: 'STATUS', cell: statusOf },
  ]
  printsTable(command, columns, volumesOn(machine))
  explain(command, {
    notes: [PARTIAL],
    examples: ['csi-driver-loop volume ls', 'csi-driver-loop volume ls --json'],
  })
}

/** `volume df`: as df(1), with the allocated size of the image. */
export function addDf({ add, machine }: NodeCommands): void {
  const command = add('df', 'Show how full the mounted volumes are')
  const columns: readonly Column<VolumeView>[] = [
    id,
    claim,
    type,
    usageColumn('SIZE', ({ totalBytes }) => size(totalBytes)),
    usageColumn('USED', ({ usedBytes }) => size(usedBytes)),
    usageColumn('AVAIL', ({ availableBytes }) => size(availableBytes)),
    usageColumn('USE%', ({ availableBytes, usedBytes }) => percent(usedBytes, usedBytes + availableBytes)),
    usageColumn('IUSE%', ({ totalInodes, usedInodes }) => percent(usedInodes, totalInodes)),
    allocated,
    { head: 'MOUNTED ON', cell: ({ mounts: [first] }) => first?.target ?? NONE },
  ]
  printsTable(command, columns, volumesOn(machine))
  explain(command, {
    notes: [
      'ALLOCATED is the space that the image takes in its pool: for a thin volume the blocks that were written and not discarded since. Sizes are in binary units (1 GiB = 1024 MiB); with --json in bytes.',
      PARTIAL,
    ],
    examples: ['csi-driver-loop volume df'],
  })
}

/** `mounted`, `attached`, `unused`, or `damaged`. */
export function statusOf({ devices, mounts, problem }: VolumeView): string {
  if (problem !== null) return styleText('red', 'damaged')
  if (mounts.length > 0) return 'mounted'
  return devices.length > 0 ? 'attached' : 'unused'
}

/** All volumes, also damaged ones, in the order of pools and ids. */
function volumesOn(machine: OpenMachine): (options: PoolOptions) => Promise<Listing<VolumeView>> {
  return async (options) => {
    const node = await inspectNode(await machine(), options)
    const inPool = async (pool: PoolOnDisk): Promise<VolumeView[]> => {
      const usable = (await inspectVolumes(pool, node)).map(toView)
      const damaged = [...pool.volumes.damaged].map(([id, error]) => damagedView(pool, id, messageOf(error)))
      return [...usable, ...damaged].sort((a, b) => (a.id < b.id ? -1 : 1))
    }
    return { rows: (await Promise.all(node.pools.map(inPool))).flat(), missing: unreadPools(node.pools) }
  }
}

function sizeColumn(head: string, bytesOf: (volume: VolumeView) => number): Column<VolumeView> {
  return { head, cell: (volume) => (volume.problem === null ? size(bytesOf(volume)) : NONE), isNumber: true }
}

function usageColumn(head: string, cell: (usage: UsageView) => string): Column<VolumeView> {
  return { head, cell: ({ usage }) => (usage ? cell(usage) : NONE), isNumber: true }
}

function size(bytes: number): string {
  return formatBytes(BigInt(bytes))
}
