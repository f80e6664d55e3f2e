import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { VolumeContentSourceInit } from '../../../src/csi/generated/csi/v1/VolumeContentSource.ts'
import { LinuxImageCopier } from '../../../src/linux/images/image-copier.ts'
import { copyImage } from '../../../src/volumes/snapshots/restore.ts'
import type { CopyPool } from './copy-pool.ts'
import type { Copyist } from './copyist.ts'

const column = 'driver'

/** CreateSnapshot. */
export function snapshotter(pool: CopyPool, volumeId: string): Copyist {
  let made = ''
  return {
    column,
    async copy(name) {
      made = await pool.createSnapshot(name, volumeId)
    },
    remove: () => pool.deleteSnapshot(made),
  }
}

/** CreateVolume of a snapshot or of another volume. */
export function volumeMaker(pool: CopyPool, sizeBytes: bigint, source: VolumeContentSourceInit): Copyist {
  let made = ''
  return {
    column,
    async copy(name) {
      made = await pool.createVolume(name, sizeBytes, source)
    },
    remove: () => pool.deleteVolume(made),
  }
}

/** A call that does nothing: what the others cannot be faster than. */
export function prober(pool: CopyPool): Copyist {
  return { column, copy: () => pool.probe() }
}

/** What the driver does inside CreateSnapshot, called directly: without the flush. */
export function engine(source: string, directory: string): Copyist {
  const copier = new LinuxImageCopier()
  const target = (name: string): string => join(directory, name)
  return {
    column,
    copy: (name) =>
      copyImage(copier, source, target(name), 'thin', () => undefined, new AbortController().signal),
    remove: (name) => rm(target(name)),
  }
}
