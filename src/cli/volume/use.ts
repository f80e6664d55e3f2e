import { VolumeError } from '../../volumes/model/errors.ts'
import type { VolumeOnNode } from '../../volumes/inspection/volume-on-node.ts'

/** @throws VolumeError failed-precondition saying by what the volume is used */
export function requireUnused({ devices, mounts, volume }: VolumeOnNode, advice: string): void {
  const [own] = devices
  if (!own) return
  const at = mounts.length > 0 ? `, mounted at ${mounts.map(({ target }) => target).join(' and ')}` : ''
  throw inUse(volume.id, `attached to ${own.device.path}${at}`, advice)
}

/** For an image whose lock somebody has whom the devices do not tell. */
export function inUse(id: string, how: string, advice: string): VolumeError {
  return new VolumeError('failed-precondition', `volume "${id}" is in use (${how}); ${advice}`)
}
