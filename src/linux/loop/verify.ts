import type { FileHandle } from 'node:fs/promises'
import { VolumeError } from '../../volumes/model/errors.ts'
import type { AttachOptions } from '../../volumes/model/ports.ts'
import type { BoundLoop } from './bind.ts'
import { sizeOf } from './device.ts'
import { isBackedBy, type BackingIdentity } from './identity.ts'
import { inspect } from './inventory.ts'

/** A loop device leaves out the end of a file that is no whole sector. */
const SECTOR_BYTES = 512n

/** @returns whether direct I/O came out @throws when the device is not what was asked for */
export async function verify(
  bound: BoundLoop,
  file: FileHandle,
  identity: BackingIdentity,
  options: AttachOptions,
): Promise<boolean> {
  const entry = await inspect(bound.number, bound.path, bound.handle)
  if (!entry || !isBackedBy(entry.info, identity)) {
    throw new VolumeError('aborted', `${bound.path} was bound and is gone again; somebody else detached it`)
  }
  const size = identity.rdev === 0n ? (await file.stat({ bigint: true })).size : await sizeOf(file.fd)
  const expected = size - (size % SECTOR_BYTES)
  if (entry.state.sizeBytes !== expected) {
    throw new Error(`${bound.path} has ${entry.state.sizeBytes} bytes, its file ${expected}`)
  }
  if (options.directIo === 'on' && !entry.state.directIo) {
    throw new VolumeError(
      'failed-precondition',
      'directIO: "on" is not possible here: the file system of the pool has no direct I/O for this image; use "auto"',
    )
  }
  return entry.state.directIo
}
