import { VolumeError } from '../model/errors.ts'
import type { FileSystemUsage } from '../model/ports.ts'
import type { NodeDependencies } from '../state/dependencies.ts'
import { devicesOf } from '../machine/devices.ts'
import { isFileSystem, shows } from '../machine/uses.ts'

/** How full a volume is, as a container sees it. */
export type VolumeUsage =
  | { readonly type: 'mount'; readonly usage: FileSystemUsage }
  | { readonly type: 'block'; readonly totalBytes: bigint }

/** Measures volumes in use. */
export class NodeUsage {
  readonly #on: NodeDependencies

  constructor(dependencies: NodeDependencies) {
    this.#on = dependencies
  }

  /** @throws VolumeError not-found when there is no such volume or it is not at the path */
  async at(id: string, path: string, signal: AbortSignal): Promise<VolumeUsage> {
    const { catalog, files, locks, loops, mounts } = this.#on
    using _lock = await locks.acquire(id, signal)
    const devices = await devicesOf(loops, await catalog.wholeImage(catalog.get(id)))
    const [attached] = devices
    const entry = await mounts.at(path)
    const isHere = entry && devices.some((state) => state && shows(entry, state.device))
    if (!attached || !isHere)
      throw new VolumeError('not-found', `volume "${id}" is not at volume_path ${path}`)
    if (!isFileSystem(entry)) return { type: 'block', totalBytes: attached.sizeBytes }
    return { type: 'mount', usage: await files.usage(path) }
  }
}
