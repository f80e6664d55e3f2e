import { never } from '../concurrency/deadlines.ts'
import {
  isFileSystemMount,
  isMountOf,
  mayBeMountOf,
  mountsOf,
  unexpectedMount,
} from '../machine/attachments.ts'
import { makeTarget, removeTarget, unmountIdle } from '../machine/mount-points.ts'
import { VolumeError } from '../model/errors.ts'
import type { LoopDevice, LoopState } from '../model/ports/loop-devices.ts'
import type { MountEntry } from '../model/ports/mounts.ts'
import { isReadOnly, requireAccess, sectorBytesOf, type Access, type Volume } from '../model/volume.ts'
import type { NodeContext } from '../state/context.ts'
import { attachmentOf, type VolumeState } from '../state/volume-state.ts'

export interface PublishRequest {
  readonly stagingPath: string
  readonly targetPath: string
  readonly access: Access
  readonly readOnly: boolean
}

/**
 * Publishes a staged volume at a container's target path.
 * @throws VolumeError not-found; failed-precondition when it is not staged, or published elsewhere and the
 * access mode allows one target only; already-exists when something else is mounted at the target
 */
export async function publishVolume(
  node: NodeContext,
  id: string,
  request: PublishRequest,
  signal: AbortSignal,
): Promise<void> {
  const { access, mounts } = node
  await access.withVolume(id, signal, async (state) => {
    requireAccess(state.volume, request.access)
    await node.catalog.wholeImage(state.volume)
    const [own, second] = await state.devices()
    const isMount = request.access.type === 'mount'
    const staged = isMount ? await mounts.at(request.stagingPath) : undefined
    const published = await mounts.at(request.targetPath)
    const uses = published || mayHaveManyTargets(request.access) ? [] : await state.mounts()
    const decision = decidePublish({ id, own, readOnly: second, staged, published, uses }, request)
    if (decision.action === 'bind device read-only') {
      await bindReadOnlyDevice(node, state.volume, second, decision.own, request.targetPath, signal)
    } else if (decision.action === 'bind') {
      const kind = isMount ? 'directory' : 'file'
      await bind(node, decision.source, request.targetPath, decision.readOnly, kind)
    }
  })
}

export interface PublishFacts {
  readonly id: string
  /** The volume's own device. */
  readonly own: LoopState | undefined
  /** The read-only device on top of it. */
  readonly readOnly: LoopState | undefined
  /** What is mounted at the staging path; undefined for a raw volume. */
  readonly staged: MountEntry | undefined
  /** What is mounted at the target path. */
  readonly published: MountEntry | undefined
  /** All mounts of the volume; read only where another target would be refused. */
  readonly uses: readonly MountEntry[]
}

export type PublishDecision =
  | { readonly action: 'done' }
  | { readonly action: 'bind'; readonly source: string; readonly readOnly: boolean }
  /** Through a read-only device on top of the volume's own, so that even a privileged pod cannot write. */
  | { readonly action: 'bind device read-only'; readonly own: LoopState }

/** @throws VolumeError as `publishVolume` does */
export function decidePublish(facts: PublishFacts, request: PublishRequest): PublishDecision {
  const { access, stagingPath } = request
  const { own } = facts
  if (!own || !isStaged(access, own, facts.staged)) {
    throw new VolumeError('failed-precondition', `volume "${facts.id}" is not staged at ${stagingPath}`)
  }
  const readOnly = request.readOnly || isReadOnly(access)
  if (facts.published) {
    requireSame(facts, own, facts.published, request.targetPath, readOnly)
    return { action: 'done' }
  }
  requireAlone(facts, request)
  if (access.type === 'mount') return { action: 'bind', source: stagingPath, readOnly }
  if (readOnly && !own.readOnly) return { action: 'bind device read-only', own }
  return { action: 'bind', source: own.device.path, readOnly: false }
}

/** A device that was attached for a file system does not stage a raw block volume. */
function isStaged(access: Access, own: LoopState, staged: MountEntry | undefined): boolean {
  if (access.type === 'block') return attachmentOf(own) === 'raw'
  return staged !== undefined && isMountOf(own.device, staged)
}

function requireSame(
  { id, readOnly: second }: PublishFacts,
  own: LoopState,
  published: MountEntry,
  targetPath: string,
  readOnly: boolean,
): void {
  const isSecond = second !== undefined && isMountOf(second.device, published)
  if (!isSecond && !isMountOf(own.device, published)) throw unexpectedMount(id, targetPath, published)
  const isPublishedReadOnly = isFileSystemMount(published) ? published.readOnly : isSecond || own.readOnly
  if (isPublishedReadOnly === readOnly) return
  throw new VolumeError(
    'already-exists',
    `volume "${id}" is published at ${targetPath} ${isPublishedReadOnly ? 'read-only' : 'read-write'} already`,
  )
}

/** CSI's table of second publishes: only SINGLE_NODE_MULTI_WRITER may have two targets. */
function requireAlone({ id, staged, uses }: PublishFacts, { access, targetPath }: PublishRequest): void {
  if (mayHaveManyTargets(access)) return
  const other = uses.find(({ target }) => target !== staged?.target)
  if (!other) return
  throw new VolumeError(
    'failed-precondition',
    `volume "${id}" is published at ${other.target}; ${access.mode} allows no second target ${targetPath}`,
  )
}

function mayHaveManyTargets({ mode }: Access): boolean {
  return mode === 'SINGLE_NODE_MULTI_WRITER'
}

/**
 * Unpublishes a volume from its target path. If it is not published there, or unknown, only the empty target
 * is removed.
 */
export async function unpublishVolume(
  node: NodeContext,
  id: string,
  targetPath: string,
  signal: AbortSignal,
): Promise<void> {
  await node.access.withPossibleVolume(id, signal, async ({ state }) => {
    await unmountTarget(node, id, targetPath, state)
    await removeTarget(targetPath)
    const [own, readOnly] = (await state?.devices()) ?? []
    if (own && readOnly) await releaseReadOnly(node, own.device, readOnly.device, signal)
  })
}

async function unmountTarget(
  { mounts }: NodeContext,
  id: string,
  targetPath: string,
  state: VolumeState | undefined,
): Promise<void> {
  const published = await mounts.at(targetPath)
  if (!published) return
  const devices = (await state?.devices()) ?? []
  if (!mayBeMountOf(devices, published)) throw unexpectedMount(id, targetPath, published)
  await unmountIdle(mounts, id, targetPath)
}

async function bindReadOnlyDevice(
  node: NodeContext,
  volume: Volume,
  readOnly: LoopState | undefined,
  own: LoopState,
  targetPath: string,
  signal: AbortSignal,
): Promise<void> {
  const device = readOnly?.device ?? (await attachReadOnly(node, volume, own, signal))
  await using undo = new AsyncDisposableStack()
  undo.defer(() => releaseReadOnly(node, own.device, device, never))
  await bind(node, device.path, targetPath, false, 'file')
  undo.move()
}

async function attachReadOnly(
  { loops }: NodeContext,
  volume: Volume,
  own: LoopState,
  signal: AbortSignal,
): Promise<LoopDevice> {
  // Not direct I/O: reads must go through the page cache of the device below to see recent writes.
  const options = {
    name: volume.id,
    readOnly: true,
    autoclear: false,
    directIo: 'off',
    sectorBytes: sectorBytesOf(volume),
  } as const
  await using attachment = await loops.attach(own.device.path, options, signal)
  return attachment.device
}

/** Detaches the read-only device on top of a volume's own after its last unmount. */
async function releaseReadOnly(
  { loops, mounts }: NodeContext,
  below: LoopDevice,
  readOnly: LoopDevice,
  signal: AbortSignal,
): Promise<void> {
  if (mountsOf(readOnly, await mounts.list()).length === 0) await loops.detach(below.path, signal)
}

async function bind(
  { mounts }: NodeContext,
  source: string,
  targetPath: string,
  readOnly: boolean,
  kind: 'directory' | 'file',
): Promise<void> {
  const made = await makeTarget(targetPath, kind)
  try {
    await mounts.bind(source, targetPath, { readOnly })
  } catch (error) {
    if (made) await removeTarget(targetPath)
    throw error
  }
}
