import { defaultAttributes } from '../../../src/volumes/model/attributes.ts'
import { volumeIdFor } from '../../../src/volumes/model/ids.ts'
import type { Volume } from '../../../src/volumes/model/volume.ts'

/** A volume with every field set. */
export const volumeFixture: Volume = {
  id: volumeIdFor('n1', 'pvc-1'),
  name: 'pvc-1',
  pool: 'default',
  capacityBytes: 64n << 20n,
  fileSystem: { state: 'formatted', uuid: '6d1e2f1c-0b62-4c1e-9d05-2f3a7f0c8a11' },
  accessTypes: ['mount'],
  fsType: 'ext4',
  ...defaultAttributes,
  initial: { ...defaultAttributes, directIo: 'off', discard: 'periodic' },
  mkfsOptions: ['-L', 'data'],
  contentSource: { type: 'volume', id: volumeIdFor('n1', 'pvc-0') },
  ephemeral: false,
  createdAt: '2026-01-02T03:04:05.678Z',
  labels: { 'pvc/name': 'db' },
}
