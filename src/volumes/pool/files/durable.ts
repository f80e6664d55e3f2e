import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { hasTurn, rename, rm, turn } from '../gate/turn.ts'
import { hasErrno, messageOf } from '../../model/errors.ts'
import { PoolUnreachableError } from '../gate/unreachable.ts'

const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY } = constants

/** Far larger than any file that the driver writes and reads back. */
const MAX_BYTES = 1 << 20

/** A removal that fails is repeated after this time, then after twice, three times, … this time. */
const REMOVAL_ATTEMPTS = 5
const REMOVAL_PAUSE_MS = 200

/**
 * Reads a small file that the driver has written. It does not follow a symbolic link, wait for a FIFO, or
 * read a file that is large or not UTF-8.
 * @throws ForeignFileError; other errors with their errno
 */
export function readSmall(path: string): Promise<string> {
  return turn(async () => {
    await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(notOpened)
    const stat = await file.stat()
    if (!stat.isFile()) throw new ForeignFileError(`${path} is no regular file`)
    if (stat.size > MAX_BYTES)
      throw new ForeignFileError(`${path} has ${stat.size} bytes, more than any valid one`)
    return decode(path, await file.readFile())
  })
}

/** The driver has not written this file: it is not regular, too large, or not UTF-8. */
export class ForeignFileError extends Error {}

/** ELOOP is a symbolic link, ENXIO a socket (open(2)). */
function notOpened(error: unknown): never {
  if (hasErrno(error, 'ELOOP', 'ENXIO')) throw new ForeignFileError(messageOf(error), { cause: error })
  throw error
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new ForeignFileError(`${path} is not UTF-8`, { cause: error })
  }
}

/** Flushes that have not begun, by path. A path belongs to one pool, so all wait at the same gate. */
const waitingFlushes = new Map<string, Promise<void>>()

/**
 * Flushes a file, or the entries of a directory, to the disk (fsync(2)). A flush that has not begun serves
 * all who ask for it meanwhile: many volumes that are created at once share those of their directory.
 */
export function flush(path: string): Promise<void> {
  // Who waits for another's flush must not keep the turn that this one needs.
  const waiting = hasTurn() ? undefined : waitingFlushes.get(path)
  if (waiting) return waiting
  const forget = (): void => {
    if (waitingFlushes.get(path) === flushing) waitingFlushes.delete(path)
  }
  const flushing = Promise.resolve()
    .then(() =>
      turn(async () => {
        forget()
        await using handle = await open(path, 'r')
        await handle.sync()
      }),
    )
    .finally(forget)
  waitingFlushes.set(path, flushing)
  return flushing
}

/**
 * Writes a new or truncated file and flushes its content. It does not follow a symbolic link or wait for a
 * FIFO.
 */
export function writeFlushed(path: string, text: string): Promise<void> {
  return turn(async () => {
    await using handle = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    await handle.writeFile(text)
    await handle.sync()
  })
}

/**
 * Renames within a directory, and flushes the directory, so that the new name survives a crash. If the flush
 * fails, the old name is restored, so that the call can be repeated.
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
  /** Where the new file is written first, on the same disk; by default in the directory of the old one. */
  readonly temporary?: string
  /** The content of the old file, which is restored if the commit fails half way. */
  readonly previous?: string | undefined
}

/**
 * The next version of a file, written and flushed, which takes effect with `commit`. Disposing of it before
 * that removes it.
 */
export interface PreparedFile extends AsyncDisposable {
  /**
   * Replaces the file in one step: after a crash it has the old or the new content; the new content once this
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

/** Replaces a file in one step: after a crash it has the old or the new content. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await using next = await prepareFile(file, text)
  await next.commit()
}

/**
 * Removes a directory that nothing else uses, with its contents. It retries after a failure such as ENOMEM:
 * what is not removed takes space until the next start.
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
 * Waits for the removal of a draft. In an unreachable pool nothing is removed now: the draft is swept when
 * the pool is opened again.
 */
export async function orLeaveToSweep(removing: Promise<void>): Promise<void> {
  try {
    await removing
  } catch (error) {
    if (!(error instanceof PoolUnreachableError)) throw error
  }
}
