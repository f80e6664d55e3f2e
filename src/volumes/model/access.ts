import { VolumeError } from './errors.ts'
import type { Access, Volume } from './volume.ts'

/** Why the volume cannot be used in this way; undefined when it can. */
export function whyNot(volume: Volume, access: Access): string | undefined {
  if (!volume.accessTypes.includes(access.type)) {
    return `volume "${volume.id}" was made for access type ${volume.accessTypes.join(' and ')}, not ${access.type}`
  }
  if (access.type === 'mount' && access.fsType !== undefined && access.fsType !== volume.fsType) {
    return `volume "${volume.id}" has fs_type ${volume.fsType}, not ${access.fsType}`
  }
  return undefined
}

/** @throws VolumeError failed-precondition when the volume cannot be used in this way */
export function requireAccess(volume: Volume, access: Access): void {
  const reason = whyNot(volume, access)
  if (reason !== undefined) throw new VolumeError('failed-precondition', reason)
}

/** True when nobody may write, whichever container it is: by the access mode, or by the mount flag `ro`. */
export function isReadOnly(access: Access): boolean {
  if (access.mode === 'SINGLE_NODE_READER_ONLY') return true
  if (access.type === 'block') return false
  const flags = access.mountFlags.flatMap((option) => option.split(','))
  return flags.lastIndexOf('ro') > flags.lastIndexOf('rw')
}
