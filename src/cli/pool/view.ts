import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import type { PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import { usageOf } from '../../volumes/inspection/pool-usage.ts'
import { availableBytes, usableBytes } from '../../volumes/pool/space/space.ts'

/** A pool as `--json` prints it: the names of its fields stay as they are. Sizes are bytes. */
export interface PoolView {
  readonly name: string
  readonly state: string
  /** Why it cannot be used. */
  readonly problem: string | null
  readonly path: string
  /** Of a pool that is an image. */
  readonly imageFile: string | null
  readonly volumes: number
  readonly snapshots: number
  /** Records that cannot be used. */
  readonly damaged: number
  readonly overcommit: number
  readonly reserveBytes: number
  /** Null for a pool that cannot be read now. */
  readonly space: SpaceView | null
}

export interface SpaceView {
  /** What volumes and snapshots together may take. */
  readonly usableBytes: number
  /** What they take. */
  readonly allocatedBytes: number
  /** What they may grow to: the sum of the capacities, and of what snapshots have. */
  readonly promisedBytes: number
  /** How large a new thin volume can be. */
  readonly availableBytes: number
  /** What the disk has, with the reserve. */
  readonly freeBytes: number
}

export async function poolView(pool: PoolOnDisk): Promise<PoolView> {
  const { config, problem, snapshots, state, volumes } = pool
  return {
    name: config.name,
    state,
    problem: problem?.message ?? null,
    path: config.path,
    imageFile: config.image?.file ?? null,
    volumes: volumes.records.length,
    snapshots: snapshots.records.length,
    damaged: volumes.damaged.size + snapshots.damaged.size,
    overcommit: config.limits.overcommit,
    reserveBytes: Number(config.limits.reserveBytes),
    space: state === 'ready' ? await spaceOf(pool) : null,
  }
}

async function spaceOf(pool: PoolOnDisk): Promise<SpaceView> {
  const { limits } = pool.config
  const usage = await usageOf(pool, new LinuxImageFiles())
  return {
    usableBytes: Number(usableBytes(limits, usage)),
    allocatedBytes: Number(usage.allocatedBytes),
    promisedBytes: Number(usage.promisedBytes),
    availableBytes: Number(availableBytes(limits, usage, 'thin')),
    freeBytes: Number(usage.freeBytes),
  }
}
