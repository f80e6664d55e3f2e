import { styleText } from 'node:util'
import type { Command } from 'commander'
import { usageOf, type PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import { formatBytes } from '../../volumes/model/bytes.ts'
import type { ImageFiles } from '../../volumes/model/ports/image-files.ts'
import { availableBytes, usableBytes } from '../../volumes/pool/space/space.ts'
import { nodeCommands, printsTable, type Listing, type PoolOptions } from '../node/commands.ts'
import { inspectNode, unreadPools } from '../node/inspect.ts'
import type { OpenMachine } from '../node/machine.ts'
import { explain } from '../terminal/help.ts'
import { percent, type Column } from '../terminal/text.ts'

const name: Column<PoolView> = { head: 'POOL', cell: ({ name }) => name }

const stateColumns: readonly Column<PoolView>[] = [
  name,
  { head: 'STATE', cell: ({ state }) => (state === 'unreachable' ? styleText('red', state) : state) },
  countColumn('VOLUMES', ({ volumes }) => volumes),
  countColumn('SNAPSHOTS', ({ snapshots }) => snapshots),
  countColumn('DAMAGED', ({ damaged }) => damaged),
  { head: 'PATH', cell: ({ imageFile, path }) => imageFile ?? path },
]

const spaceColumns: readonly Column<PoolView>[] = [
  name,
  sizeColumn('SIZE', ({ usableBytes }) => usableBytes),
  sizeColumn('ALLOCATED', ({ allocatedBytes }) => allocatedBytes),
  {
    head: 'USE%',
    cell: ({ space }) => (space ? percent(space.allocatedBytes, space.usableBytes) : '-'),
    isNumber: true,
  },
  sizeColumn('PROVISIONED', ({ promisedBytes }) => promisedBytes),
  { head: 'OVERCOMMIT', cell: ({ overcommit }) => `${overcommit}`, isNumber: true },
  sizeColumn('AVAILABLE', ({ availableBytes }) => availableBytes),
]

/** `csi-driver-loop pool …`: the pools of this node. */
export function addPoolCommands(program: Command, machine: OpenMachine): void {
  const pool = program.command('pool').description('Show the pools of this node (needs root)')
  const { add } = nodeCommands(pool, machine)
  const list = async (options: PoolOptions): Promise<Listing<PoolView>> => {
    const { files, pools } = await inspectNode(await machine(), options)
    const rows = await Promise.all(pools.map((pool) => poolView(pool, files)))
    return { rows, missing: unreadPools(pools) }
  }
  // Nothing is missing: the state of each pool is a column.
  const states = async (options: PoolOptions): Promise<Listing<PoolView>> => ({
    ...(await list(options)),
    missing: [],
  })

  const ls = add('ls', 'List the pools: their paths, states, and numbers of volumes and snapshots')
  explain(printsTable(ls, stateColumns, states), {
    notes: [
      'A pool is "ready", "new" before the driver has created it, "unmounted" when it is an image that is not mounted in this mount namespace, or "unreachable"; csi-driver-loop doctor prints the reason. What cannot be read is "-", with --json null.',
    ],
    examples: ['csi-driver-loop pool ls', 'csi-driver-loop pool ls --json'],
  })

  const df = add('df', 'Show how full the pools are, and how much is provisioned')
  explain(printsTable(df, spaceColumns, list), {
    notes: [
      'SIZE is what volumes and snapshots together may allocate, PROVISIONED what they may grow to, AVAILABLE how large a new thin volume can be. Sizes are in binary units (1 GiB = 1024 MiB); with --json in bytes.',
      'Exit code: 1 when a pool cannot be read; stderr names it and the reason.',
    ],
    examples: ['csi-driver-loop pool df'],
  })
}

function countColumn(head: string, countOf: (pool: PoolView) => number | null): Column<PoolView> {
  return { head, cell: (pool) => `${countOf(pool) ?? '-'}`, isNumber: true }
}

function sizeColumn(head: string, bytesOf: (space: SpaceView) => number): Column<PoolView> {
  return { head, cell: ({ space }) => (space ? formatBytes(BigInt(bytesOf(space))) : '-'), isNumber: true }
}

/** A pool in the output of `--json`, which is an interface: fields keep their names. Sizes are bytes. */
export interface PoolView {
  readonly name: string
  readonly state: string
  /** Why the pool cannot be used. */
  readonly problem: string | null
  readonly path: string
  /** The backing file of a pool that is an image. */
  readonly imageFile: string | null
  /** Null, as the two after it, for a pool that is unmounted or unreachable. */
  readonly volumes: number | null
  readonly snapshots: number | null
  /** How many records cannot be used. */
  readonly damaged: number | null
  readonly overcommit: number
  readonly reserveBytes: number
  /** Null for a pool that is not ready. */
  readonly space: SpaceView | null
}

export interface SpaceView {
  /** What volumes and snapshots together may allocate. */
  readonly usableBytes: number
  readonly allocatedBytes: number
  /** Provisioned: the capacities of the volumes, and what the snapshots have allocated. */
  readonly promisedBytes: number
  /** How large a new thin volume can be. */
  readonly availableBytes: number
  /** What is free on the disk, including the reserve. */
  readonly freeBytes: number
}

async function poolView(pool: PoolOnDisk, files: ImageFiles): Promise<PoolView> {
  const { config, problem, snapshots, state, volumes } = pool
  const isRead = state === 'ready' || state === 'new'
  return {
    name: config.name,
    state,
    problem: problem?.message ?? null,
    path: config.path,
    imageFile: config.image?.file ?? null,
    volumes: isRead ? volumes.records.length : null,
    snapshots: isRead ? snapshots.records.length : null,
    damaged: isRead ? volumes.damaged.size + snapshots.damaged.size : null,
    overcommit: config.limits.overcommit,
    reserveBytes: Number(config.limits.reserveBytes),
    space: state === 'ready' ? await spaceOf(pool, files) : null,
  }
}

async function spaceOf(pool: PoolOnDisk, files: ImageFiles): Promise<SpaceView> {
  const { limits } = pool.config
  const usage = await usageOf(pool, files)
  return {
    usableBytes: Number(usableBytes(limits, usage)),
    allocatedBytes: Number(usage.allocatedBytes),
    promisedBytes: Number(usage.provisionedBytes),
    availableBytes: Number(availableBytes(limits, usage, 'thin')),
    freeBytes: Number(usage.freeBytes),
  }
}
