import { join } from 'node:path'
import { IMAGE } from '../pool/records/draft.ts'
import { measurePool } from '../pool/space/measure.ts'
import { snapshotKind, volumeKind } from '../pool/records/record-kinds.ts'
import type { PoolUsage } from '../pool/space/space.ts'
import type { ImageFiles } from '../model/ports.ts'
import type { PoolOnDisk } from './pool-on-disk.ts'

/** The image of a volume of the pool. */
export function volumeImage({ config }: Pick<PoolOnDisk, 'config'>, id: string): string {
  return join(config.path, volumeKind.folder, id, IMAGE)
}

/** The image of a snapshot of the pool. */
export function snapshotImage({ config }: Pick<PoolOnDisk, 'config'>, id: string): string {
  return join(config.path, snapshotKind.folder, id, IMAGE)
}

/** What of the pool is in use and what is promised, as the driver reckons it. */
export async function usageOf(pool: PoolOnDisk, files: ImageFiles): Promise<PoolUsage> {
  const images = {
    volumes: { ids: idsOf(pool.volumes), image: (id: string) => volumeImage(pool, id) },
    snapshots: { ids: idsOf(pool.snapshots), image: (id: string) => snapshotImage(pool, id) },
  }
  const { allocatedBytes, freeBytes, snapshotBytes } = await measurePool(pool.config, images, files)
  const volumeBytes = pool.volumes.records.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0n)
  return { promisedBytes: volumeBytes + snapshotBytes, allocatedBytes, freeBytes }
}

function idsOf({ records }: { readonly records: readonly { readonly id: string }[] }): string[] {
  return records.map(({ id }) => id)
}
