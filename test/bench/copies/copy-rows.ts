import type { CopyPool } from './copy-pool.ts'
import type { CopyRow } from './copyist.ts'
import { engine, prober, snapshotter, volumeMaker } from './driver-copyists.ts'
import { floorCloner, shellCopyist } from './other-copyists.ts'

export const copyLabels = {
  snapshot: 'CreateSnapshot, copied',
  restore: 'CreateVolume of it, copied',
  engine: 'copied, and not flushed',
  fragmented: 'the same, 64 MiB in 16,384 extents',
  sharedSnapshot: 'CreateSnapshot, shared',
  sharedRestore: 'CreateVolume of it, shared',
  sharedClone: 'CreateVolume of a volume, shared',
  probe: 'Probe',
} as const

/** An unused volume with data, and a snapshot of it. */
export interface Source {
  readonly pool: CopyPool
  readonly volumeId: string
  readonly snapshotId: string
  readonly sizeBytes: bigint
}

/** @param fragmented an image of many extents */
export function copiedRows(
  { pool, volumeId, snapshotId, sizeBytes }: Source,
  fragmented: string,
  directory: string,
): CopyRow[] {
  const volume = pool.image('volumes', volumeId)
  const snapshot = pool.image('snapshots', snapshotId)
  const how = '--reflink=never --sparse=always'
  const cp = (image: string, flushed: boolean) => shellCopyist(image, directory, { how, flushed })
  const restore = volumeMaker(pool, sizeBytes, { snapshot: { snapshotId } })
  return [
    { label: copyLabels.snapshot, copyists: [snapshotter(pool, volumeId), cp(volume, true)] },
    { label: copyLabels.restore, copyists: [restore, cp(snapshot, true)] },
    { label: copyLabels.engine, copyists: [engine(volume, directory), cp(volume, false)] },
    { label: copyLabels.fragmented, copyists: [engine(fragmented, directory), cp(fragmented, false)] },
  ]
}

export function sharedRows({ pool, volumeId, snapshotId, sizeBytes }: Source, directory: string): CopyRow[] {
  const image = pool.image('volumes', volumeId)
  const others = [
    shellCopyist(image, directory, { how: '--reflink=always', flushed: true }),
    floorCloner(image, directory),
  ]
  const restore = volumeMaker(pool, sizeBytes, { snapshot: { snapshotId } })
  const clone = volumeMaker(pool, sizeBytes, { volume: { volumeId } })
  return [
    { label: copyLabels.sharedSnapshot, copyists: [snapshotter(pool, volumeId), ...others] },
    { label: copyLabels.sharedRestore, copyists: [restore, ...others] },
    { label: copyLabels.sharedClone, copyists: [clone, ...others] },
    { label: copyLabels.probe, copyists: [prober(pool)] },
  ]
}
