import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultAttributes } from '../../src/volumes/model/attributes.ts'
import { volumeIdFor } from '../../src/volumes/model/ids.ts'
import { volumeKind } from '../../src/volumes/pool/records/record-kinds.ts'
import { sideBySide } from '../../src/volumes/concurrency/side-by-side.ts'
import type { Volume } from '../../src/volumes/model/volume.ts'

const CAPACITY_BYTES = 1n << 20n

/**
 * Puts volumes into a pool that no driver has open: records as Kubernetes has them made, and sparse images.
 */
export async function makeRecords(pool: string, nodeId: string, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, number) => number)
  await sideBySide(numbers, 64, async (number) => {
    const volume = volumeNumbered(nodeId, number)
    const directory = join(pool, volumeKind.folder, volume.id)
    await mkdir(directory)
    await writeFile(join(directory, volumeKind.recordName), volumeKind.encode(volume))
    await using image = await open(join(directory, 'disk.img'), 'wx')
    await image.truncate(Number(CAPACITY_BYTES))
  })
}

function volumeNumbered(nodeId: string, number: number): Volume {
  const name = `pvc-${`${number}`.padStart(8, '0')}-4a0b-4f5e-9a51-0123456789ab`
  return {
    id: volumeIdFor(nodeId, name),
    name,
    pool: 'default',
    capacityBytes: CAPACITY_BYTES,
    accessTypes: ['mount'],
    fsType: 'ext4',
    ...defaultAttributes,
    initial: defaultAttributes,
    mkfsOptions: [],
    contentSource: undefined,
    fileSystem: { state: 'new' },
    ephemeral: false,
    createdAt: '2026-01-02T03:04:05.678Z',
    labels: { 'pv/name': name, 'pvc/name': `data-of-a-database-${number}`, 'pvc/namespace': 'production' },
  }
}
