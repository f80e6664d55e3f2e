import { join } from 'node:path'
import { hasErrno } from '../../model/errors.ts'
import { flush, orSweptLater, removePersistently, renameFlushed, readSmall } from '../files/durable.ts'
import type { Gate } from '../gate/gate.ts'
import { mkdir, rm, writeFile } from '../gate/gated-fs.ts'

export const IMAGE = 'disk.img'

/** In a draft: the volumes whose file systems were frozen for it, one id per line. */
const FROZEN = 'frozen'

/**
 * A volume or snapshot in the making: a directory that nobody takes for one until it is committed. It is gone
 * when it is disposed of before, and swept at the next start when we are killed before.
 */
export class Draft implements AsyncDisposable {
  readonly image: string
  readonly #parent: string
  readonly #name: string
  readonly #building: string
  readonly #gate: Gate
  readonly #held = new DisposableStack()
  #hasNote = false
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
        // Of an attempt in this process that could not clean up.
        await rm(building, { recursive: true })
        await mkdir(building)
      }
      return new Draft(parent, name, building, gate)
    })
  }

  /** Keeps what it needs, such as the room for it, until it is disposed of, made or not. */
  hold(needed: Disposable): void {
    this.#held.use(needed)
  }

  /** Leaves word, for the next start if we die, that these volumes may be frozen. */
  async noteFrozen(volumeIds: readonly string[]): Promise<void> {
    this.#hasNote = true
    // Not flushed: what outlives us, and not the machine, is just what a freeze is.
    await this.#gate.within(() =>
      writeFile(join(this.#building, FROZEN), volumeIds.join('\n'), { mode: 0o600 }),
    )
  }

  /**
   * Makes it what it is to be, as one step: it is there when this returns, and after any crash from then on.
   */
  commit(recordName: string, text: string): Promise<void> {
    return this.#gate.within(() => this.#commit(recordName, text))
  }

  async #commit(recordName: string, text: string): Promise<void> {
    if (this.#hasNote) await rm(join(this.#building, FROZEN))
    const record = join(this.#building, recordName)
    await writeFile(record, text, { mode: 0o600 })
    // At once, because one commit of the file system's journal is then enough for all three.
    await Promise.all([record, this.image, this.#building].map(flush))
    await renameFlushed(this.#parent, draftName(this.#name), this.#name)
    this.#committed = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using _held = this.#held
    if (this.#committed) return
    await orSweptLater(this.#gate.within(() => removePersistently(this.#building)))
  }
}

function draftName(name: string): string {
  return `.${name}.new`
}

/** The volumes that an interrupted draft may have left frozen. */
export async function frozenBy(draftPath: string): Promise<string[]> {
  try {
    return (await readSmall(join(draftPath, FROZEN))).split('\n').filter((id) => id !== '')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}
