import { never } from '../concurrency/deadlines.ts'
import { whileFrozen } from '../machine/freeze.ts'
import { checkAttributes, type VolumeAttributes } from '../model/attributes.ts'
import { VolumeError } from '../model/errors.ts'
import type { LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry, OpenFileSystem } from '../model/ports/mounts.ts'
import type { Provisioning, Volume } from '../model/volume.ts'
import type { NodeContext } from '../state/context.ts'
import { openWriters } from '../state/volume-state.ts'

/** How long the file system may be frozen while blocks are freed, which takes a second for a few TiB. */
const FREEZE_TIMEOUT_MS = 60_000

/**
 * Changes the mutable attributes of a volume; most can change while it is in use. Either all changes apply or
 * none does. They are applied even if the record has them already, because a crash may have interrupted an
 * earlier call. `discard` takes effect at the next mount.
 * @throws VolumeError not-found; resource-exhausted when there is no space for thick; invalid-argument where
 * direct I/O or thick is not supported, and for attributes that contradict each other; failed-precondition
 * for the provisioning of a raw block volume in use
 */
export async function modifyVolume(
  node: NodeContext,
  id: string,
  changes: Partial<VolumeAttributes>,
  signal: AbortSignal,
): Promise<void> {
  const { access, catalog } = node
  await access.withVolume(id, signal, async ({ volume }) => {
    checkAttributes({ ...volume, ...changes })
    await catalog.wholeImage(volume)
    const pool = catalog.pool(volume.pool)
    if (changes.provisioning !== undefined) await pool.requirePossible(changes.provisioning)
    await using undo = new AsyncDisposableStack()
    const work = (): Promise<void> => apply(node, volume, changes, undo, signal)
    const updating = pool.volumes.update({ ...volume, ...changes }, work)
    await pool.space.orFull('resource-exhausted', updating)
    undo.move()
  })
}

async function apply(
  node: NodeContext,
  volume: Volume,
  { directIo, provisioning }: Partial<VolumeAttributes>,
  undo: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<void> {
  if (directIo !== undefined) {
    undo.defer(() => setDirectIo(node, volume, volume.directIo))
    await setDirectIo(node, volume, directIo)
  }
  if (provisioning === undefined) return
  // Refuse before changing anything.
  await (await openWritten(node, volume))?.[Symbol.asyncDispose]()
  if (provisioning !== volume.provisioning)
    undo.defer(() => provision(node, volume, volume.provisioning, never))
  await provision(node, volume, provisioning, signal)
}

async function provision(
  node: NodeContext,
  volume: Volume,
  provisioning: Provisioning,
  signal: AbortSignal,
): Promise<void> {
  if (provisioning === 'thick') await allocate(node, volume, signal)
  else await deallocate(node, volume, signal)
}

/**
 * Opens the file system that must be frozen while blocks are freed. The caller closes it.
 * @throws VolumeError failed-precondition for a raw block device in use
 */
async function openWritten(
  { access, mounts }: NodeContext,
  { id }: Volume,
): Promise<OpenFileSystem | undefined> {
  // Observe again each time: the kernel detaches the device of a file system after its last unmount.
  const state = access.observe(id)
  if ((await state.device())?.readOnly) return undefined
  const writers = await openWriters(mounts, state, true)
  if (writers.by === 'none') return undefined
  if (writers.by === 'file system') return writers.fileSystem
  throw new VolumeError(
    'failed-precondition',
    `volume "${id}" is in use as a raw block device, which cannot be frozen; its provisioning can be changed when it is not staged`,
  )
}

async function allocate(node: NodeContext, volume: Volume, signal: AbortSignal): Promise<void> {
  const { access, catalog, files } = node
  const image = catalog.image(volume)
  requireNoDiscard(volume, await access.observe(volume.id).mounts())
  if ((await files.missing(image)) > (await catalog.pool(volume.pool).space.allocatable())) {
    throw new VolumeError('resource-exhausted', `volume "${volume.id}": no room to make it thick`)
  }
  await files.allocate(image, signal)
}

/**
 * A file system keeps its mount options: one mounted with `discard` would still free blocks of the thick
 * image.
 * @throws VolumeError failed-precondition
 */
export function requireNoDiscard({ id }: Pick<Volume, 'id'>, uses: readonly MountEntry[]): void {
  const other = uses.find(({ options }) => options.some((option) => /^discard(=|$)/.test(option)))
  if (!other) return
  throw new VolumeError(
    'failed-precondition',
    `volume "${id}" is mounted with discard at ${other.target}; it can be made thick when it is not staged`,
  )
}

async function deallocate(node: NodeContext, volume: Volume, signal: AbortSignal): Promise<void> {
  const { catalog, files, log } = node
  const image = catalog.image(volume)
  await using fileSystem = await openWritten(node, volume)
  if (!fileSystem) {
    await files.deallocate(image, signal)
    return
  }
  // Only to hold the freeze marker.
  await using draft = await catalog.pool(volume.pool).volumes.begin(volume.id)
  await fileSystem.flush(signal)
  await draft.writeFreezeMarker([volume.id])
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(FREEZE_TIMEOUT_MS)])
  const work = (): Promise<void> => files.deallocate(image, bounded)
  // Thaw only after it has ended: punching a hole later would destroy data written meanwhile.
  await whileFrozen([{ volumeId: volume.id, fileSystem }], work, bounded, log, false)
}

async function setDirectIo(
  { access, loops }: NodeContext,
  { id }: Volume,
  wanted: Volume['directIo'],
): Promise<void> {
  const own = await access.observe(id).device()
  if (!own || !mustChangeDirectIo(own, wanted)) return
  const isOn = await loops.setDirectIo(own.device, wanted !== 'off')
  if (wanted === 'on' && !isOn) {
    throw new VolumeError(
      'invalid-argument',
      'mutable_parameters: directIO is "on", which the file system of the pool does not support; use "auto"',
    )
  }
}

function mustChangeDirectIo({ directIo }: LoopState, wanted: Volume['directIo']): boolean {
  return directIo !== (wanted !== 'off')
}
