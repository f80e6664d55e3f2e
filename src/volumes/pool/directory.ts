import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { flush, replaceFile, writeFlushed } from './durable.ts'
import { messageOf } from '../errors.ts'
import { isVolumeId, type VolumeId } from '../ids.ts'
import type { ImageFiles } from '../ports.ts'
import { decodeVolume, encodeVolume } from './volume-record.ts'
import type { Volume } from '../volume.ts'

export const IMAGE = 'disk.img'
const RECORD = 'volume.json'

/**
 * The layout of a pool on the disk:
 *
 *     <pool>/pool.json
 *     <pool>/volumes/<volume-id>/{volume.json,disk.img}
 *
 * A volume appears and disappears by one rename. Whatever starts with a dot is not there yet or not there any more.
 */
export class PoolDirectory {
  readonly path: string
  readonly #pool: string
  readonly #files: ImageFiles
  readonly #log: Logger
  readonly #removals = new Set<Promise<void>>()

  constructor(pool: string, path: string, files: ImageFiles, log: Logger) {
    this.#pool = pool
    this.path = path
    this.#files = files
    this.#log = log
  }

  image(id: VolumeId): string {
    return join(this.#volume(id), IMAGE)
  }

  /** Makes the volume's directory with all that belongs into it; after a failure or a crash there is none. */
  async create(volume: Volume, signal: AbortSignal): Promise<void> {
    const building = join(this.#volumes, `.${volume.id}.new`)
    await rm(building, { recursive: true, force: true })
    await mkdir(building)
    try {
      await this.#files.create(
        join(building, IMAGE),
        volume.capacityBytes,
        volume.provisioning === 'thick',
        signal,
      )
      // The first flush writes the file system's journal with all of the above in it; the next two find little to do.
      await writeFlushed(join(building, RECORD), encodeVolume(volume))
      await flush(join(building, IMAGE))
      await flush(building)
      signal.throwIfAborted()
      await rename(building, this.#volume(volume.id))
    } catch (error) {
      await rm(building, { recursive: true, force: true })
      throw error
    }
    await flush(this.#volumes)
  }

  async update(volume: Volume): Promise<void> {
    await replaceFile(this.#volume(volume.id), RECORD, encodeVolume(volume))
  }

  /** The volume is gone when this returns; its blocks are freed in the background. */
  async remove(id: VolumeId): Promise<void> {
    const doomed = join(this.#volumes, `.${id}.${randomUUID()}.deleted`)
    await rename(this.#volume(id), doomed)
    await flush(this.#volumes)
    this.#removeInBackground(doomed)
  }

  /** All volumes, and why the others cannot be used. Clears away what a crash left of others. */
  async load(): Promise<{ volumes: Volume[]; damaged: Map<VolumeId, string> }> {
    await mkdir(this.#volumes, { recursive: true, mode: 0o700 })
    const names = await readdir(this.#volumes)
    for (const name of names.filter((name) => name.startsWith('.'))) {
      this.#log.info({ pool: this.#pool, name }, 'removing what an interrupted operation left')
      const aside = join(this.#volumes, `.${randomUUID()}.deleted`)
      await rename(join(this.#volumes, name), aside)
      this.#removeInBackground(aside)
    }
    const damaged = new Map<VolumeId, string>()
    const loaded = await Promise.all(
      names.filter(isVolumeId).map(async (id) => {
        try {
          return await this.#read(id)
        } catch (error) {
          damaged.set(id, messageOf(error))
          return []
        }
      }),
    )
    return { volumes: loaded.flat(), damaged }
  }

  /** Waits for the removals that are still going on. */
  async settle(): Promise<void> {
    await Promise.all(this.#removals)
  }

  get #volumes(): string {
    return join(this.path, 'volumes')
  }

  #volume(id: VolumeId): string {
    return join(this.#volumes, id)
  }

  async #read(id: VolumeId): Promise<Volume> {
    const volume = decodeVolume(await readFile(join(this.#volume(id), RECORD), 'utf8'), this.#pool)
    if (volume.id !== id) throw new Error(`${RECORD} is of ${volume.id}`)
    const { logical } = await this.#files.size(this.image(id))
    if (logical < volume.capacityBytes) {
      throw new Error(`${IMAGE} has ${logical} bytes, ${RECORD} says ${volume.capacityBytes}`)
    }
    // A crash between growing the image and writing the record: the image is the later one.
    return { ...volume, capacityBytes: logical }
  }

  #removeInBackground(path: string): void {
    const removal = rm(path, { recursive: true, force: true })
      .catch((error: unknown) => {
        this.#log.warn(
          { pool: this.#pool, path, error: messageOf(error) },
          'removal failed; the next start tries again',
        )
      })
      .finally(() => this.#removals.delete(removal))
    this.#removals.add(removal)
  }
}
