import { mayBeMountOf, unexpectedMount } from '../machine/attachments.ts'
import { unmountIdle } from '../machine/mount-points.ts'
import { VolumeError } from '../model/errors.ts'
import type { LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry } from '../model/ports/mounts.ts'
import { isReadOnly, requireAccess, sectorBytesOf, type Access, type Volume } from '../model/volume.ts'
import type { NodeContext } from '../state/context.ts'
import { mountVolume } from '../state/mount-volume.ts'
import { attachmentOf, type VolumeState } from '../state/volume-state.ts'

/**
 * Stages a volume: attaches its loop device and, for a file system volume, mounts it at the staging path. The
 * existing state is read from the kernel, so the call can be repeated, also after a crash.
 * @throws VolumeError not-found; failed-precondition when the volume does not support the request or has
 * unexpected content; already-exists when it is staged here differently
 */
export async function stageVolume(
  node: NodeContext,
  id: string,
  stagingPath: string,
  access: Access,
  signal: AbortSignal,
): Promise<void> {
  await node.access.withVolume(id, signal, async (state) => {
    requireAccess(state.volume, access)
    const readOnly = isReadOnly(access)
    if (access.type === 'block') {
      await stageRaw(node, state, readOnly, signal)
    } else {
      const { mountFlags } = access
      const where = { path: stagingPath, field: 'staging_target_path' } as const
      await mountVolume(node, state, { ...where, mountFlags, readOnly, mayPrepare: !readOnly }, signal)
    }
  })
}

/** Without autoclear: while a pod has the device node, the number must not go to another volume. */
async function stageRaw(
  node: NodeContext,
  state: VolumeState,
  readOnly: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { catalog, loops } = node
  const { volume } = state
  const image = await catalog.wholeImage(volume)
  if (decideStageRaw(volume, await state.device(), readOnly) === 'done') return
  await expectRawContent(node, volume)
  const { id: name, directIo } = volume
  const options = { name, readOnly, autoclear: false, directIo, sectorBytes: sectorBytesOf(volume) }
  await using _attachment = await loops.attach(image, options, signal)
}

/** @throws VolumeError when the volume is attached differently */
export function decideStageRaw(
  { id }: Pick<Volume, 'id'>,
  own: LoopState | undefined,
  readOnly: boolean,
): 'attach' | 'done' {
  if (!own) return 'attach'
  if (attachmentOf(own) === 'file system') {
    throw new VolumeError(
      'aborted',
      `volume "${id}" is still being detached from ${own.device.path}, which something has open; repeat the call`,
    )
  }
  if (own.readOnly === readOnly) return 'done'
  throw new VolumeError(
    'already-exists',
    `volume "${id}" is staged ${own.readOnly ? 'read-only' : 'read-write'} at ${own.device.path} already`,
  )
}

/**
 * A pod can write content to the raw device that looks blank, so a volume that also allows mounting is no
 * longer `new`.
 */
async function expectRawContent({ catalog }: NodeContext, volume: Volume): Promise<void> {
  if (volume.fileSystem.state !== 'new') return
  const { space, volumes } = catalog.pool(volume.pool)
  const updating = volumes.update({ ...volume, fileSystem: { state: 'unknown' } })
  await space.orFull('resource-exhausted', updating)
}

/**
 * Unmounts a volume from its staging path and detaches it. It does nothing if the volume is not staged there.
 * @throws VolumeError failed-precondition while the volume is published or its device is open
 */
export async function unstageVolume(
  node: NodeContext,
  id: string,
  stagingPath: string,
  signal: AbortSignal,
): Promise<void> {
  const { access, loops, mounts } = node
  await access.withPossibleVolume(id, signal, async ({ state, loss }) => {
    const own = await state?.device()
    const staged = await mounts.at(stagingPath)
    const uses = (await state?.mounts()) ?? []
    const decision = decideUnstage({ id, stagingPath, own, staged, uses })
    if (decision === 'done') return
    if (decision === 'unmount') await unmountIdle(mounts, id, stagingPath)
    if (loss) await loops.detachNamed(id, signal)
    if (!state) return
    // Only raw block volumes can have other devices on top.
    if (attachmentOf(own) === 'raw') await loops.detachWithAbove(state.image, signal)
    else await loops.detach(state.image, signal)
  })
}

export interface UnstageFacts {
  readonly id: string
  readonly stagingPath: string
  readonly own: LoopState | undefined
  /** What is mounted at the staging path. */
  readonly staged: MountEntry | undefined
  /** All mounts of the volume. */
  readonly uses: readonly MountEntry[]
}

/**
 * @returns `unmount`, then detach; only `detach`; or `done` for a file system that is staged only elsewhere
 * @throws VolumeError failed-precondition while the volume is published; already-exists for an unexpected
 * mount
 */
export function decideUnstage({
  id,
  stagingPath,
  own,
  staged,
  uses,
}: UnstageFacts): 'done' | 'unmount' | 'detach' {
  if (attachmentOf(own) === 'file system' && !staged && uses.length > 0) return 'done'
  const other = uses.find(({ target }) => target !== staged?.target)
  if (other) {
    throw new VolumeError(
      'failed-precondition',
      `volume "${id}" is still in use at ${other.target}; unpublish it first`,
    )
  }
  if (!staged) return 'detach'
  if (mayBeMountOf(own ? [own] : [], staged)) return 'unmount'
  throw unexpectedMount(id, stagingPath, staged)
}
