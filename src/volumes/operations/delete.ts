import { setTimeout } from 'node:timers/promises'
import { hasErrno, VolumeError } from '../model/errors.ts'
import type { ImageFiles } from '../model/ports/image-files.ts'
import type { NodeContext } from '../state/context.ts'

/** For a lock that other readers hold only for a moment. */
const LOCK_ATTEMPTS = 10
const LOCK_PAUSE_MS = 20

/**
 * Deletes the volume and its data.
 * @throws VolumeError failed-precondition while it is staged or attached
 */
export async function deleteVolume(node: NodeContext, id: string, signal: AbortSignal): Promise<void> {
  const { access, catalog, files, loops } = node
  await access.withLock(id, signal, async () => {
    await catalog.forgetRemoved(id)
    const volume = catalog.find(id)
    if (!volume) {
      catalog.requireAbsent(id)
      return
    }
    // While this holds the image's lock, no process can attach it.
    const lock = await lockImage(files, catalog.image(volume), signal)
    await using _unused = lock === 'no image' ? undefined : lock
    // A device keeps a deleted file in use. Its number must not go to another volume while a pod has it
    // mounted.
    if (lock === 'no image') await loops.detachNamed(id, signal)
    if (!lock) {
      throw new VolumeError(
        'failed-precondition',
        `volume "${id}" is in use (attached to a loop device); unstage it first`,
      )
    }
    await catalog.pool(volume.pool).volumes.remove(volume.id)
  })
}

/**
 * Takes the flock(2) that an attached loop device holds as well. A consistent copy checks whether the volume
 * is attached without the volume's lock, and holds this flock for a moment.
 * @returns undefined while another process or device holds it
 */
async function lockImage(
  files: ImageFiles,
  image: string,
  signal: AbortSignal,
): Promise<AsyncDisposable | 'no image' | undefined> {
  try {
    for (let attempt = 1; attempt < LOCK_ATTEMPTS; attempt++) {
      const lock = await files.lock(image)
      if (lock) return lock
      await setTimeout(Math.random() * LOCK_PAUSE_MS, undefined, { signal })
    }
    return await files.lock(image)
  } catch (error) {
    // It does not exist or cannot be attached: a socket, a device without a driver, a dangling symbolic link.
    if (hasErrno(error, 'ENOENT', 'ENXIO', 'ENODEV', 'ELOOP')) return 'no image'
    throw error
  }
}
