import { smaller } from '../volumes/bytes.ts'
import type { Pool, PoolConfig } from '../volumes/pool/pool.ts'
import type { PoolUsage } from '../volumes/pool/space.ts'
import type { Metrics, Sample } from './metrics.ts'

export interface NodeFigures {
  /** The pools that are in use now. */
  readonly pools: () => readonly Pool[]
  readonly configs: readonly PoolConfig[]
  /** How many loop devices of the machine are bound. */
  readonly boundLoopDevices: () => Promise<number>
}

/** What a node tells of its pools. */
export function addNodeMetrics(metrics: Metrics, { pools, configs, boundLoopDevices }: NodeFigures): void {
  const perPool = (name: string, help: string, figure: (pool: Pool) => Promise<bigint> | number): void => {
    const sample = async (pool: Pool): Promise<Sample> => ({
      labels: { pool: pool.name },
      value: Number(await figure(pool)),
    })
    metrics.add(name, help, ['pool'], () => Promise.all(pools().map(sample)))
  }
  const bytes = (name: string, help: string, figure: (usage: PoolUsage, pool: Pool) => bigint): void => {
    perPool(`pool_${name}_bytes`, help, async (pool) => figure(await pool.space.usage(), pool))
  }

  bytes(
    'size',
    'What all images of the pool together may take.',
    ({ freeBytes, allocatedBytes }, { name }) => {
      const reachable = freeBytes + allocatedBytes
      return smaller(configs.find((config) => config.name === name)?.limits.sizeBytes ?? reachable, reachable)
    },
  )
  bytes('free', 'What is free on the file system under the pool.', ({ freeBytes }) => freeBytes)
  bytes('allocated', 'What the images of the pool take on the disk.', ({ allocatedBytes }) => allocatedBytes)
  bytes('promised', 'What volumes and snapshots of the pool may take.', ({ promisedBytes }) => promisedBytes)
  perPool('volumes', 'Volumes of the pool.', (pool) => pool.volumes.size)
  perPool('snapshots', 'Snapshots of the pool.', (pool) => pool.snapshots.size)
  metrics.add(
    'bound_loop_devices',
    "The machine's loop devices that are in use, by anybody.",
    [],
    async () => [{ labels: {}, value: await boundLoopDevices() }],
  )
}
