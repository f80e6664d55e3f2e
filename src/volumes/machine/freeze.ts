import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import { unlessAborted } from '../concurrency/deadlines.ts'
import { hasErrno, messageOf, VolumeError } from '../model/errors.ts'
import type { OpenFileSystem } from '../model/ports/mounts.ts'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 10_000

/** A volume whose writers are to be held up. */
export interface FreezeTarget {
  readonly volumeId: string
  readonly fileSystem: OpenFileSystem
}

/**
 * Does work while all these file systems are frozen, which takes no longer than the signal allows: when it
 * fires, they are thawed, whatever the work or another freeze still waits for. This returns when all are
 * thawed, be it never, and when the work has ended. What was left before for the case that this process ends
 * (Draft.writeFreezeMarker) must be kept until then.
 * @param outlasts whether the work may still be under way when they are thawed, because it changes nothing of
 * theirs
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
      const freezing = freeze(target)
      begun.push({ target, freezing })
      await unlessAborted(freezing, signal)
    }
    signal.throwIfAborted()
    working = work()
    return await (outlasts ? unlessAborted(working, signal) : working)
  } finally {
    // Side by side: none waits for another whose disk hangs.
    await Promise.all(begun.map(({ target, freezing }) => thawWhenFrozen(target, freezing, log)))
    await working?.catch(() => undefined)
  }
}

async function freeze({ volumeId, fileSystem }: FreezeTarget): Promise<void> {
  try {
    await fileSystem.freeze()
  } catch (error) {
    if (!hasErrno(error, 'EBUSY')) throw error
    const message = `volume "${volumeId}" is frozen by somebody else at ${fileSystem.place}; thaw it (fsfreeze --unfreeze) and repeat the call`
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

/** As long as it is not thawed, all its writers stand still, so this is tried until it succeeds. */
async function thaw({ volumeId, fileSystem }: FreezeTarget, log: Logger): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      await fileSystem.thaw()
      return
    } catch (error) {
      const { place } = fileSystem
      log.error({ volume: volumeId, place, error: messageOf(error) }, 'cannot thaw, and will try again')
      await setTimeout(pauseMs)
    }
  }
}
