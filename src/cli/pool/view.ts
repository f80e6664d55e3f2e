import { usageOf, type PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import type { ImageFiles } from '../../volumes/model/ports/image-files.ts'
import { availableBytes, usableBytes } from '../../volumes/pool/space/space.ts'

/** A pool in the output of `--json`, which is an interface: fields keep their names. Sizes are bytes. */
export interface PoolView {
  readonly name: string
  readonly state: string
  /** Why the pool cannot be used. */
  readonly problem: string | null
  readonly path: string
  /** The backing file of a pool that is an image. */
  readonly imageFile: string | null
  readonly volumes: number
  readonly snapshots: number
  /** How many records cannot be used. */
  readonly damaged: number
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

export async function poolView(pool: PoolOnDisk, files: ImageFiles): Promise<PoolView> {
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
