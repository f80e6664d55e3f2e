import { checkRange, type CapacityRange } from '../volumes/model/capacity-range.ts'
import { VolumeError } from '../volumes/model/errors.ts'
import { fsTypes, type FsType } from '../volumes/model/ports/file-systems.ts'
import { accessModes, type Access, type AccessMode } from '../volumes/model/volume.ts'
import type { CapacityRange as CapacityRangeMessage } from './generated/csi/v1/CapacityRange.ts'
import type { VolumeCapability } from './generated/csi/v1/VolumeCapability.ts'

/** Converts messages to the types of src/volumes. Errors name the field as the CSI spec does. */

/** CSI's limit for every string that has no limit of its own. */
const MAX_STRING_BYTES = 128

/** PATH_MAX without the NUL at its end, and NAME_MAX (linux/limits.h). */
const MAX_PATH_BYTES = 4095
const MAX_FILE_NAME_BYTES = 255

/** CSI forbids control characters in CreateVolume's name, except tab, line feed and carriage return. */
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/

/** @throws VolumeError invalid-argument when a required field is empty */
export function required(field: string, value: string): string {
  if (value !== '') return value
  throw new VolumeError('invalid-argument', `${field} is required`)
}

/** @throws VolumeError invalid-argument for a name that is empty, too long, or has control characters */
export function requiredName(name: string): string {
  const bytes = Buffer.byteLength(required('name', name))
  if (bytes > MAX_STRING_BYTES) {
    throw new VolumeError(
      'invalid-argument',
      `name has ${bytes} bytes; at most ${MAX_STRING_BYTES} are allowed`,
    )
  }
  if (CONTROL_CHARACTERS.test(name)) {
    throw new VolumeError('invalid-argument', `name ${JSON.stringify(name)} has a control character`)
  }
  return name
}

/** @throws VolumeError invalid-argument for a relative path, whose base directory would be unknown */
export function requiredPath(field: string, path: string): string {
  if (possiblePath(field, path).startsWith('/')) return path
  throw new VolumeError('invalid-argument', `${field} ${JSON.stringify(path)} is not an absolute path`)
}

/**
 * A path that a file can have. It may be relative, but no volume is at a relative path.
 * @throws VolumeError invalid-argument when it is empty, or no system call accepts it
 */
export function possiblePath(field: string, path: string): string {
  const isPossible =
    !required(field, path).includes('\0') &&
    Buffer.byteLength(path) <= MAX_PATH_BYTES &&
    path.split('/').every((name) => Buffer.byteLength(name) <= MAX_FILE_NAME_BYTES)
  if (isPossible) return path
  throw new VolumeError(
    'invalid-argument',
    `${field} has NUL, more than ${MAX_PATH_BYTES} bytes, or a name of more than ${MAX_FILE_NAME_BYTES}`,
  )
}

/** @throws VolumeError invalid-argument for an impossible range */
export function toRange(message: CapacityRangeMessage | null): CapacityRange {
  const range = {
    requiredBytes: BigInt(message?.requiredBytes ?? 0),
    limitBytes: BigInt(message?.limitBytes ?? 0),
  }
  checkRange(range)
  return range
}

/** @throws VolumeError invalid-argument without a capability, or for one that is not supported */
export function toAccesses(capabilities: readonly VolumeCapability[]): Access[] {
  if (capabilities.length === 0) throw new VolumeError('invalid-argument', 'volume_capabilities is required')
  return capabilities.map((capability, index) => toAccess(`volume_capabilities[${index}]`, capability))
}

/** @throws VolumeError invalid-argument naming the part of the capability that is missing or not supported */
export function toAccess(field: string, capability: VolumeCapability | null): Access {
  if (!capability) throw new VolumeError('invalid-argument', `${field} is required`)
  const mode = toMode(field, capability.accessMode?.mode ?? 'UNKNOWN')
  if (capability.block) return { type: 'block', mode }
  if (!capability.mount)
    throw new VolumeError('invalid-argument', `${field}: access_type (block or mount) is required`)
  const { fsType, mountFlags, volumeMountGroup } = capability.mount
  if (volumeMountGroup !== '') {
    throw new VolumeError(
      'invalid-argument',
      `${field}: volume_mount_group is not supported; the CO applies fsGroup`,
    )
  }
  return { type: 'mount', mode, fsType: toFsType(field, fsType), mountFlags }
}

function toMode(field: string, mode: string): AccessMode {
  const known = accessModes.find((name) => name === mode)
  if (known) return known
  throw new VolumeError(
    'invalid-argument',
    `${field}: access_mode ${mode} is not supported: a volume is on one node only; supported are ${accessModes.join(', ')}`,
  )
}

function toFsType(field: string, fsType: string): FsType | undefined {
  if (fsType === '') return undefined
  const known = fsTypes.find((name) => name === fsType)
  if (known) return known
  throw new VolumeError(
    'invalid-argument',
    `${field}: fs_type ${fsType} is not supported; use ${fsTypes.join(', ')}`,
  )
}
