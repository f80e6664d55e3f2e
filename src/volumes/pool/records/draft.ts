import { join } from 'node:path'
import { hasErrno } from '../../model/errors.ts'
import {
  flush,
  orLeaveToSweep,
  readSmall,
  removePersistently,
  renameFlushed,
  writeFlushed,
} from '../files/durable.ts'
import type { Gate } from '../gate/gate.ts'
import { mkdir, rm, writeFile } from '../gate/turn.ts'

export const IMAGE = 'disk.img'

/** The freeze marker of a draft: the ids of the volumes that were frozen for it, one on each line. */
const FROZEN = 'frozen'

/**
 * A volume or snapshot that is being created, in a directory that the commit renames to its own. Without a
 * commit, disposing removes the directory; after a crash the next start does.
 */
export class Draft implements AsyncDisposable {
  readonly image: string
  readonly #parent: string
  readonly #name: string
  readonly #building: string
  readonly #gate: Gate
  readonly #held = new DisposableStack()
  #hasFreezeMarker = false
  #committed = false

  private constructor(parent: string, name: string, building: string, gate: Gate) {
    this.image = join(building, IMAGE)
    this.#parent = parent
    this.#name = name
    this.#building = building
    this.#gate = gate
  }

  /** @param name of the directory that the draft becomes */
  static begin(parent: string, name: string, gate: Gate): Promise<Draft> {
    const building = join(parent, draftName(name))
    return gate.within(async () => {
      try {
        await mkdir(building)
      } catch (error) {
        if (!hasErrno(error, 'EEXIST')) throw error
        // Left by an attempt of this process whose removal failed.
        await rm(building, { recursive: true })
        await mkdir(building)
      }
      return new Draft(parent, name, building, gate)
    })
  }

  /** Holds a resource, such as reserved space, until the draft is disposed of, committed or not. */
  hold(needed: Disposable): void {
    this.#held.use(needed)
  }

  /** Writes the freeze marker, so that the next start can thaw these volumes if this process is killed. */
  async writeFreezeMarker(volumeIds: readonly string[]): Promise<void> {
    this.#hasFreezeMarker = true
    // Not flushed: a freeze survives this process, but not the machine, and so does an unflushed file.
    await this.#gate.within(() =>
      writeFile(join(this.#building, FROZEN), volumeIds.join('\n'), { mode: 0o600 }),
    )
  }

  /** Turns the draft into the volume or snapshot in one step. It survives a crash once this has returned. */
  commit(recordName: string, text: string): Promise<void> {
    return this.#gate.within(() => this.#commit(recordName, text))
  }

  async #commit(recordName: string, text: string): Promise<void> {
    if (this.#hasFreezeMarker) await rm(join(this.#building, FROZEN))
    // First the record: the commit of the file system's journal that this needs covers the others too.
    await writeFlushed(join(this.#building, recordName), text)
    await Promise.all([this.image, this.#building].map(flush))
    await renameFlushed(this.#parent, draftName(this.#name), this.#name)
    this.#committed = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using _held = this.#held
    if (this.#committed) return
    await orLeaveToSweep(this.#gate.within(() => removePersistently(this.#building)))
  }
}

function draftName(name: string): string {
  return `.${name}.new`
}

/** The volumes that an interrupted draft may have left frozen, by its freeze marker. */
export async function readFreezeMarker(draftPath: string): Promise<string[]> {
  try {
    return (await readSmall(join(draftPath, FROZEN))).split('\n').filter((id) => id !== '')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}
