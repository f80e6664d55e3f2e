import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { turn } from '../gate/gate.ts'
import { rename, rm } from '../gate/gated-fs.ts'
import { PoolUnreachableError } from '../gate/unreachable.ts'

const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_TRUNC, O_WRONLY } = constants

/** A removal that fails is tried again after once, twice, … this time. */
const REMOVAL_ATTEMPTS = 5
const REMOVAL_PAUSE_MS = 200

/** Flushes a file, or the entries of a directory, to the disk (fsync(2)). */
export function flush(path: string): Promise<void> {
  return turn(async () => {
    await using handle = await open(path, 'r')
    await handle.sync()
  })
}

/**
 * Writes a new or truncated file and flushes its content. What was planted in its place is not followed, nor
 * waited for.
 */
export function writeFlushed(path: string, text: string): Promise<void> {
  return turn(async () => {
    await using handle = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    await handle.writeFile(text)
    await handle.sync()
  })
}

/**
 * Renames within a directory, for good: after a crash, too. Where that cannot be had, the old name is back
 * when it fails, so that whoever repeats it finds what he found before.
 */
export async function renameFlushed(directory: string, from: string, to: string): Promise<void> {
  await rename(join(directory, from), join(directory, to))
  try {
    await flush(directory)
  } catch (error) {
    await rename(join(directory, to), join(directory, from))
    throw error
  }
}

export interface Replacement {
  /** Where the new file is written first, on the same disk; by default beside the old one. */
  readonly temporary?: string
  /** The content of the old file; it is put back when a crash could leave either of the two. */
  readonly previous?: string | undefined
}

/**
 * The next version of a file, which is on the disk and takes effect with its commit. Disposing it before
 * removes it.
 */
export interface PreparedFile extends AsyncDisposable {
  /**
   * Replaces the file as one step: after a crash it has the old or the new content, and the new one once this
   * has returned.
   */
  commit(): Promise<void>
}

/**
 * Writes and flushes the next version of a file. Only the new name has to be flushed when it is committed.
 */
export async function prepareFile(
  file: string,
  text: string,
  { temporary = join(dirname(file), `.${basename(file)}.new`), previous }: Replacement = {},
): Promise<PreparedFile> {
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rm(temporary, { force: true }))
  await writeFlushed(temporary, text)
  const leftover = undo.move()
  return {
    commit: async () => {
      await rename(temporary, file)
      try {
        await flush(dirname(file))
      } catch (error) {
        if (previous !== undefined) {
          await writeFlushed(temporary, previous)
          await rename(temporary, file)
        }
        throw error
      }
      leftover.move()
    },
    [Symbol.asyncDispose]: () => leftover[Symbol.asyncDispose](),
  }
}

/** Replaces a file as one step: after a crash it has the old or the new content. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await using next = await prepareFile(file, text)
  await next.commit()
}

/**
 * Removes a directory that nobody else comes back to, with all that is in it. A failure, for want of memory
 * perhaps, is not the end of it: what stays takes space until the next start.
 */
export async function removePersistently(directory: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rm(directory, { recursive: true, force: true })
      return
    } catch (error) {
      if (attempt === REMOVAL_ATTEMPTS || error instanceof PoolUnreachableError) throw error
      await setTimeout(attempt * REMOVAL_PAUSE_MS)
    }
  }
}

/**
 * Waits until what is left of a draft is removed; of a pool that cannot be reached it is swept when that is
 * opened again.
 */
export async function orSweptLater(removing: Promise<void>): Promise<void> {
  try {
    await removing
  } catch (error) {
    if (!(error instanceof PoolUnreachableError)) throw error
  }
}
