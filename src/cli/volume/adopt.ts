import { rename, rm, rmdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { connect } from '../../csi/client.ts'
import { LinuxImageCopier } from '../../linux/images/image-copier.ts'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { copyImage } from '../../volumes/machine/copy-image.ts'
import { VolumeError, hasErrno, messageOf } from '../../volumes/model/errors.ts'
import { volumeKind } from '../../volumes/pool/records/record-kinds.ts'
import { pathExists } from '../../volumes/machine/path-exists.ts'
import { abortOnInterruption } from '../terminal/interruption.ts'
import { ProgressBar } from '../terminal/progress.ts'
import { askDriver } from '../node/running-driver.ts'
import { takeSurvey, type PoolOptions, type Survey } from '../node/survey.ts'
import { contentOf, type ContentWishes } from './content.ts'
import { createWithImage, type ImagePlace, type NewVolume } from './create.ts'
import { manifestOf } from './manifest.ts'
import { findOrphan, isInPool, poolDirectory, type Orphan } from './orphan.ts'
import { fit, putCopy, replace } from './put-image.ts'
import { lockFile } from './source.ts'

export interface AdoptOptions extends PoolOptions, ContentWishes {
  readonly endpoint: string
  readonly name?: string
  readonly pool: string
  readonly claim?: Claim
  readonly storageClass: string
}

interface Claim {
  readonly namespace: string
  readonly name: string
}

/**
 * Makes an image that no node owns a volume of this one: it is moved, never copied where a move will do, so
 * that it has one owner at any time.
 * @param path a volume's directory, or an image
 * @returns the PersistentVolume and the claim that bind it, as YAML
 */
export async function adoptVolume(path: string, options: AdoptOptions): Promise<string> {
  const signal = abortOnInterruption()
  const survey = await takeSurvey(options)
  const { nodeId } = await askDriver(options.endpoint)
  const orphan = await findOrphan(resolve(path), nodeId, survey)
  await using _pool = await lockPool(orphan, survey)
  const lock = await lockFile(orphan.image, survey)
  await using _locked = lock
  const volume = await toVolume(orphan, options, signal)
  const { id, capacityBytes, driver } = await createWithImage(
    options.endpoint,
    volume,
    { isImported: await hasFileSystem(orphan, volume) },
    survey,
    (place) => move(orphan.image, place, volume, signal),
  )
  await forget(orphan, options.endpoint, survey).catch((error: unknown) => {
    console.error(
      `${orphan.directory ?? ''} is not needed any more, and could not be removed: ${messageOf(error)}`,
    )
  })
  const claim = options.claim ?? claimOf(volume)
  const { name: driverName, topology } = driver
  const { storageClass } = options
  return manifestOf({ volumeId: id, volume, capacityBytes, driverName, topology, claim, storageClass })
}

/**
 * Another driver that has the pool open does not see what happens to it; one that does not run cannot start
 * meanwhile.
 */
async function lockPool({ directory }: Orphan, survey: Survey): Promise<AsyncDisposable> {
  const pool = directory === undefined ? undefined : poolDirectory(directory)
  const isOfOthers = pool !== undefined && directory !== undefined && !isInPool(directory, survey)
  if (!isOfOthers || !(await pathExists(join(pool, 'pool.json')))) {
    return { [Symbol.asyncDispose]: () => Promise.resolve() }
  }
  const lock = await new LinuxImageFiles().lock(pool)
  if (lock) return lock
  throw new VolumeError(
    'failed-precondition',
    `${pool} is the pool of another driver that runs; stop it first`,
  )
}

/** As it was, where there is a record, but for what the options say. */
async function toVolume(
  { image, record }: Orphan,
  options: AdoptOptions,
  signal: AbortSignal,
): Promise<NewVolume> {
  const name = options.name ?? record?.name
  if (name === undefined) throw new Error(`${image} has no record beside it: give --name <name>`)
  const { logical: capacityBytes } = await new LinuxImageFiles().size(image)
  const given = { name, capacityBytes, pool: options.pool }
  const labels = options.claim
    ? { 'pvc/namespace': options.claim.namespace, 'pvc/name': options.claim.name }
    : (record?.labels ?? {})
  if (record) return { ...record, ...given, labels }
  const attributes = { provisioning: 'thin', directIo: 'auto', discard: 'none', mkfsOptions: [] } as const
  return { ...given, ...attributes, labels, ...(await contentOf(image, options, signal)) }
}

/** False for a volume that was never used, which its first stage has still to format. */
async function hasFileSystem({ image, record }: Orphan, { accessTypes }: NewVolume): Promise<boolean> {
  if (!accessTypes.includes('mount')) return false
  const state = record?.fileSystem.state
  if (state === 'unknown') return await new LinuxImageFiles().hasData(image)
  return state !== 'new'
}

/**
 * One step on the same disk. From another disk it is copied first, and removed when the copy has its place.
 * When it fails, the image is where it was: the new volume is deleted then, with whatever is in it.
 */
async function move(
  source: string,
  place: ImagePlace,
  volume: NewVolume,
  signal: AbortSignal,
): Promise<void> {
  try {
    await fit(source, place.capacityBytes, volume.provisioning, signal)
    await replace(source, place.image)
  } catch (error) {
    if (!(await pathExists(source))) await rename(place.image, source)
    if (!hasErrno(error, 'EXDEV')) throw error
    using progress = new ProgressBar(`adopt ${source}`)
    const copy = async (path: string): Promise<void> => {
      const copier = new LinuxImageCopier()
      await copyImage(copier, source, path, volume.provisioning, progress.update, signal)
    }
    await putCopy(place, volume, copy, signal)
    await rm(source)
  }
}

/** The record that has no image any more. A driver that knows it has to forget it, too. */
async function forget({ directory }: Orphan, endpoint: string, survey: Survey): Promise<void> {
  if (directory === undefined) return
  if (isInPool(directory, survey)) {
    using client = connect(endpoint)
    await client.controller.deleteVolume({ volumeId: basename(directory) })
  }
  await rm(join(directory, volumeKind.recordName), { force: true })
  await rmdir(directory).catch((error: unknown) => {
    if (!hasErrno(error, 'ENOENT')) throw error
  })
}

function claimOf({ labels, name }: NewVolume): Claim {
  const { 'pvc/namespace': namespace = 'default', 'pvc/name': claim = name } = labels
  return { namespace, name: claim }
}
