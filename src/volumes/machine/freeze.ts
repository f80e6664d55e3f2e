import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import { unlessAborted } from '../concurrency/deadlines.ts'
import { hasErrno, messageOf, VolumeError } from '../model/errors.ts'
import type { OpenFileSystem } from '../model/ports/mounts.ts'

const FIRST_PAUSE_MS = 50
const MAX_PAUSE_MS = 10_000

/** A volume to freeze. */
export interface FreezeTarget {
  readonly volumeId: string
  readonly fileSystem: OpenFileSystem
}

/**
 * Does work while all these file systems are frozen. When the signal fires they are thawed at once, even
 * while the work or another freeze is still running. This returns only when all are thawed and the work has
 * ended. The freeze marker (Draft.writeFreezeMarker) must be kept until then.
 * @param outlasts whether the work may still run when they are thawed, because it does not change them
 * @throws VolumeError aborted when one is frozen already; the signal's reason
 */
export async function whileFrozen<T>(
  targets: readonly FreezeTarget[],
  work: () => Promise<T>,
  signal: AbortSignal,
  log: Logger,
  outlasts = true,
): Promise<T> {
  const begun: { readonly target: FreezeTarget; readonly freezing: Promise<void> }[] = []
  let working: Promise<T> | undefined
  try {
    for (const target of targets) {
      const freezing = freeze(target, signal)
      begun.push({ target, freezing })
      await unlessAborted(freezing, signal)
    }
    signal.throwIfAborted()
    working = work()
    return await (outlasts ? unlessAborted(working, signal) : working)
  } finally {
    // In parallel: one whose disk hangs must not delay the others.
    await Promise.all(begun.map(({ target, freezing }) => thawWhenFrozen(target, freezing, log)))
    await working?.catch(() => undefined)
  }
}

async function freeze({ volumeId, fileSystem }: FreezeTarget, signal: AbortSignal): Promise<void> {
  try {
    await fileSystem.freeze(signal)
  } catch (error) {
    if (!hasErrno(error, 'EBUSY')) throw error
    const message = `volume "${volumeId}" is frozen by another program at ${fileSystem.place}; thaw it (fsfreeze --unfreeze) and repeat the call`
    throw new VolumeError('aborted', message, { cause: error })
  }
}

async function thawWhenFrozen(target: FreezeTarget, freezing: Promise<void>, log: Logger): Promise<void> {
  const isFrozen = await freezing.then(
    () => true,
    () => false,
  )
  if (isFrozen) await thaw(target, log)
}

/** Retries until it succeeds: all writers wait until the thaw. */
export async function thaw({ volumeId, fileSystem }: FreezeTarget, log: Logger): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    try {
      await fileSystem.thaw()
      return
    } catch (error) {
      const { place } = fileSystem
      log.error({ volume: volumeId, place, error: messageOf(error) }, 'cannot thaw; retrying')
      await setTimeout(pauseMs)
    }
  }
}
