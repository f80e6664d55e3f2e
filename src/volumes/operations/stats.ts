import { isFileSystemMount } from '../machine/attachments.ts'
import { VolumeError } from '../model/errors.ts'
import type { FileSystemUsage } from '../model/ports/image-files.ts'
import type { LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry } from '../model/ports/mounts.ts'
import type { NodeContext } from '../state/context.ts'

/** The usage of a volume, as a container sees it. */
export type VolumeStats =
  | { readonly type: 'mount'; readonly usage: FileSystemUsage }
  | { readonly type: 'block'; readonly totalBytes: bigint }

/**
 * Measures a volume in use.
 * @throws VolumeError not-found when the volume does not exist or is not at the path
 */
export async function measureVolume(
  node: NodeContext,
  id: string,
  path: string,
  signal: AbortSignal,
): Promise<VolumeStats> {
  const { access } = node
  return await access.lookAt(id, signal, async () => {
    const state = access.observe(id)
    await node.catalog.wholeImage(state.volume)
    const own = await state.device()
    const entry = await state.onlyOwn(await node.mounts.at(path))
    const decision = decideStats(id, path, own, entry)
    if (decision.measure === 'device') return { type: 'block', totalBytes: decision.totalBytes }
    return { type: 'mount', usage: await node.files.usage(path) }
  })
}

/**
 * @param entry the volume's mount at the path, if there is one
 * @throws VolumeError not-found when it is not there
 */
export function decideStats(
  id: string,
  path: string,
  own: LoopState | undefined,
  entry: MountEntry | undefined,
): { readonly measure: 'file system' } | { readonly measure: 'device'; readonly totalBytes: bigint } {
  if (!own || !entry) throw new VolumeError('not-found', `volume "${id}" is not at volume_path ${path}`)
  return isFileSystemMount(entry)
    ? { measure: 'file system' }
    : { measure: 'device', totalBytes: own.sizeBytes }
}
