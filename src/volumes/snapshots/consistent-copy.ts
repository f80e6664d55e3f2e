import { whileFrozen } from '../machine/freeze.ts'
import { VolumeError, hasErrno } from '../model/errors.ts'
import type { Provisioning, Volume } from '../model/volume.ts'
import type { Draft } from '../pool/records/draft.ts'
import type { NodeContext } from '../state/context.ts'
import { openWriters, type Writers } from '../state/volume-state.ts'
import { LiveCopy } from './live-copy.ts'

/** One volume to copy, and the draft that gets its image. */
export interface CopySource {
  readonly volumeId: string
  readonly draft: Draft
  /** The provisioning of the copy; thin for a snapshot, which is never written. */
  readonly provisioning: Provisioning
}

/** How often a raw block volume in use is compared with its copy before the call fails. */
const QUIET_ATTEMPTS = 8

/** A volume that is being copied. */
interface Part extends CopySource {
  /** As it was when copying began. */
  readonly volume: Volume
  readonly copy: LiveCopy
}

type PartInUse = Part & { readonly writers: Writers }
type FrozenPart = Part & { readonly writers: Extract<Writers, { by: 'file system' }> }
type RawPart = Part & { readonly writers: Extract<Writers, { by: 'raw device' }> }

/**
 * Makes a consistent copy of volumes, in use or not: all at one point in time.
 *
 * Most data is copied while pods write, without locks. Then it takes the locks, freezes the file systems,
 * copies again what changed, and thaws: writers wait for that last part only. Where the pool's file system
 * shares blocks, that is the only part, one ioctl.
 * @param freezeTimeoutMs how long the file systems may be frozen
 * @returns the point in time
 * @throws VolumeError not-found; aborted on a timeout
 */
export async function copyConsistently(
  node: NodeContext,
  sources: readonly CopySource[],
  freezeTimeoutMs: number,
  signal: AbortSignal,
): Promise<Date> {
  await using held = new AsyncDisposableStack()
  const parts: Part[] = []
  for (const source of sources) {
    const volume = node.catalog.get(source.volumeId)
    parts.push({ ...source, volume, copy: held.use(await begin(node, source, volume, signal)) })
  }
  for (const part of parts) await part.copy.catchUp(() => flush(node, part, signal), signal)
  const ids = sources.map(({ volumeId }) => volumeId)
  held.use(await node.access.lockAll(ids, signal))
  const inUse: PartInUse[] = []
  for (const part of parts) {
    const writers = await writersOf(node, part)
    if (writers.by === 'file system') held.use(writers.fileSystem)
    inUse.push({ ...part, writers })
  }
  return await finish(node, inUse, freezeTimeoutMs, signal)
}

/** Shared blocks would no longer belong to a thick volume alone. */
async function begin(
  node: NodeContext,
  { volumeId, draft, provisioning }: CopySource,
  volume: Volume,
  signal: AbortSignal,
): Promise<LiveCopy> {
  const { catalog } = node
  const mayShare = provisioning === 'thin' && volume.provisioning === 'thin'
  try {
    const image = await catalog.wholeImage(volume)
    return await LiveCopy.begin(node, image, draft.image, mayShare, signal)
  } catch (error) {
    // The volume may have been deleted meanwhile, because copying does not lock it.
    if (hasErrno(error, 'ENOENT')) catalog.get(volumeId)
    throw error
  }
}

/**
 * Under the volume's lock: a file system that is open cannot be unmounted, and an unmount would have to flush
 * the same data.
 */
async function flush(node: NodeContext, part: Part, signal: AbortSignal): Promise<void> {
  await node.access.withLock(part.volumeId, signal, async () => {
    const writers = await writersOf(node, part)
    if (writers.by !== 'file system') return
    await using fileSystem = writers.fileSystem
    await fileSystem.flush(signal)
  })
}

/** The caller holds the volume's lock, and closes the file system. */
async function writersOf({ access, mounts }: NodeContext, part: Part): Promise<Writers> {
  const state = access.observe(part.volumeId)
  requireSameVolume(part, state.volume)
  return await openWriters(mounts, state, state.volume.accessTypes.includes('mount'))
}

/**
 * The volume may have been deleted meanwhile, and created again with the same name, and so the same id.
 * @throws VolumeError aborted
 */
function requireSameVolume({ copy, volume: before }: Part, volume: Volume): void {
  if (volume.createdAt !== before.createdAt) {
    throw new VolumeError(
      'aborted',
      `volume "${volume.id}" was deleted and created again while it was copied; repeat the call`,
    )
  }
  if (volume.provisioning === 'thick' && copy.isShared) {
    throw new VolumeError(
      'aborted',
      `volume "${volume.id}" was made thick while it was copied; repeat the call`,
    )
  }
}

async function finish(
  node: NodeContext,
  parts: readonly PartInUse[],
  freezeTimeoutMs: number,
  signal: AbortSignal,
): Promise<Date> {
  const { log, observer } = node
  const mounted = parts.filter(canBeFrozen)
  for (const { writers } of mounted) await writers.fileSystem.flush(signal)
  const volumes = parts.map(({ volumeId }) => volumeId)
  // In the pool of each: at the next start, the others may be unreachable.
  if (mounted.length > 0) await Promise.all(parts.map(({ draft }) => draft.writeFreezeMarker(volumes)))
  const timeout = AbortSignal.timeout(freezeTimeoutMs)
  const bounded = AbortSignal.any([signal, timeout])
  const copy = async (): Promise<Date> => {
    const pointInTime = new Date()
    await finishCopies(node, parts, bounded)
    return pointInTime
  }
  const targets = mounted.map(({ volumeId, writers: { fileSystem } }) => ({ volumeId, fileSystem }))
  const freezeAndCopy = () => whileFrozen(targets, copy, bounded, log)
  const begin = performance.now()
  try {
    const pointInTime =
      mounted.length > 0 ? await observer.step('freeze', freezeAndCopy) : await freezeAndCopy()
    log.info({ volumes, frozenMs: Math.round(performance.now() - begin) }, 'made a consistent copy')
    return pointInTime
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error
    throw new VolumeError(
      'aborted',
      `freezeTimeout: what changed could not be copied within ${freezeTimeoutMs} ms, so nothing was created. Try again when less is written, raise freezeTimeout, or use a pool whose file system shares blocks`,
      { cause: error },
    )
  }
}

/**
 * The devices of raw block volumes cannot be frozen. If no write happens to any of them while their copies
 * are compared, the copies are of one point in time. So is a single copy that shares blocks.
 */
async function finishCopies(
  { loops }: NodeContext,
  parts: readonly PartInUse[],
  signal: AbortSignal,
): Promise<void> {
  for (const { copy, writers } of parts.filter((part) => !isRaw(part)))
    await copy.finish(writers.by === 'none' ? undefined : writers.device.device, signal)
  const raw = parts.filter(isRaw).map(({ writers, ...part }) => ({ ...part, device: writers.device.device }))
  for (let attempt = 0; attempt < QUIET_ATTEMPTS; attempt++) {
    for (const { device } of raw) await loops.flush(device)
    const before = raw.map(({ device }) => loops.writes(device))
    for (const { copy, device } of raw) await copy.finish(device, signal)
    const isOneStep = raw.length === 1 && raw[0]?.copy.isShared
    if (isOneStep || raw.every(({ device }, index) => loops.writes(device) === before[index])) return
  }
  const ids = raw.map(({ volumeId }) => `"${volumeId}"`).join(' and ')
  throw new VolumeError(
    'aborted',
    `raw block volume ${ids} is written all the time; it can be copied when its writer pauses, or, if it is thin, alone on a pool whose file system shares blocks`,
  )
}

function canBeFrozen(part: PartInUse): part is FrozenPart {
  return part.writers.by === 'file system'
}

function isRaw(part: PartInUse): part is RawPart {
  return part.writers.by === 'raw device'
}
