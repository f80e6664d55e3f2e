import { VolumeError } from '../model/errors.ts'
import { fileSystemOfCopy, type FileSystemState } from '../model/file-system-state.ts'
import { isId } from '../model/ids.ts'
import type { CopyProgress, ImageCopier } from '../model/ports/image-copier.ts'
import type { ContentSource, Provisioning, Volume } from '../model/volume.ts'
import type { Draft } from '../pool/records/draft.ts'
import type { NodeContext } from '../state/context.ts'
import { copyConsistently } from './consistent-copy.ts'

/** How long a volume that is cloned may be frozen. */
const CLONE_FREEZE_TIMEOUT_MS = 60_000

/** The requirements of a source on the new volume. */
export interface SourceDemands {
  readonly sizeBytes: bigint
  readonly fsType: Volume['fsType']
  readonly accessTypes: Volume['accessTypes']
}

/**
 * @throws VolumeError not-found; resource-exhausted for a source on another node, so that the CO tries that
 * one
 */
export function demandsOf({ catalog }: NodeContext, { type, id }: ContentSource): SourceDemands {
  if (isId(id) && !catalog.isOurs(id)) {
    throw new VolumeError('resource-exhausted', `volume_content_source: ${type} "${id}" is on another node`)
  }
  if (type === 'snapshot') return catalog.getSnapshot(id)
  const volume = catalog.get(id)
  return { ...volume, sizeBytes: volume.capacityBytes }
}

/**
 * Fills the draft's image from a snapshot or a volume, with the capacity of the new volume.
 * @returns the state of its file system
 */
export async function fillFromSource(
  node: NodeContext,
  draft: Draft,
  volume: Volume,
  source: ContentSource,
  signal: AbortSignal,
): Promise<FileSystemState> {
  const { files } = node
  const { provisioning } = volume
  const fileSystem =
    source.type === 'snapshot'
      ? await copySnapshot(node, provisioning, source.id, draft, signal)
      : await copyVolume(node, provisioning, source.id, draft, signal)
  const { logical } = await files.size(draft.image)
  if (logical > volume.capacityBytes) {
    throw new VolumeError(
      'aborted',
      `volume_content_source: ${source.type} "${source.id}" grew while it was copied; repeat the call`,
    )
  }
  const renewed = await renew(node, volume, draft, fileSystem, signal)
  const isThick = provisioning === 'thick'
  if (logical < volume.capacityBytes) await files.grow(draft.image, volume.capacityBytes, isThick, signal)
  if (isThick) await files.allocate(draft.image, signal)
  return renewed
}

async function renew(
  { fileSystems }: NodeContext,
  { accessTypes, fsType }: Volume,
  draft: Draft,
  fileSystem: FileSystemState,
  signal: AbortSignal,
): Promise<FileSystemState> {
  if (!accessTypes.includes('mount')) return fileSystem
  const uuid = await fileSystems.renew(fsType, draft.image, signal)
  return uuid !== undefined && fileSystem.state === 'formatted' ? { state: 'formatted', uuid } : fileSystem
}

async function copyVolume(
  node: NodeContext,
  provisioning: Provisioning,
  volumeId: string,
  draft: Draft,
  signal: AbortSignal,
): Promise<FileSystemState> {
  const { catalog } = node
  const before = catalog.get(volumeId).fileSystem
  await copyConsistently(node, [{ volumeId, draft, provisioning }], CLONE_FREEZE_TIMEOUT_MS, signal)
  return fileSystemOfCopy(before, catalog.find(volumeId)?.fileSystem)
}

async function copySnapshot(
  { catalog, copier, locks }: NodeContext,
  provisioning: Provisioning,
  id: string,
  draft: Draft,
  signal: AbortSignal,
): Promise<FileSystemState> {
  // Prevents its deletion meanwhile.
  using _lock = await locks.acquire(id, signal)
  const snapshot = catalog.getSnapshot(id)
  const image = catalog.snapshotImage(snapshot)
  await copyImage(copier, image, draft.image, provisioning, () => undefined, signal)
  return snapshot.fileSystem
}

/**
 * Copies an image that is not being written. The copy shares blocks where possible, unless the volume of the
 * two is thick: all blocks of a thick volume belong to it alone.
 * @throws as ImageCopier.copy
 */
export async function copyImage(
  copier: ImageCopier,
  source: string,
  target: string,
  provisioning: Provisioning,
  onProgress: (progress: CopyProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  if (provisioning === 'thin' && (await copier.share(source, target))) return
  await copier.copy(source, target, onProgress, signal)
}
