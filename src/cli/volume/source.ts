import { stat } from 'node:fs/promises'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { VolumeError } from '../../volumes/model/errors.ts'
import type { Survey } from '../node/survey.ts'

/**
 * Locks a file from outside, which is read or taken as a volume's image, as a loop device does.
 * @throws VolumeError failed-precondition for one that is in use, or no file
 */
export async function lockFile(path: string, { devices }: Pick<Survey, 'devices'>): Promise<AsyncDisposable> {
  if (!(await stat(path)).isFile()) throw new VolumeError('failed-precondition', `${path} is no file`)
  // The losetup command takes no lock.
  const [device] = await devices.of(path)
  const lock = device ? undefined : await new LinuxImageFiles().lock(path)
  if (lock) return lock
  const how = device ? `attached to ${device.device.path}` : 'locked by another process'
  throw new VolumeError('failed-precondition', `${path} is in use (${how}); end that first`)
}
