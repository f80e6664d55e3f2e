import { setTimeout } from 'node:timers/promises'
import { attributeKeys, attributesOf, parameterTable } from '../model/attributes.ts'
import { chooseCapacity, satisfies, type CapacityRange } from '../model/capacity-range.ts'
import type { Catalog } from '../pool/catalog.ts'
import { larger } from '../model/bytes.ts'
import { VolumeError, failureOf, hasErrno } from '../model/errors.ts'
import type { FileSystemState } from '../model/file-system-state.ts'
import { ephemeralIdFor, volumeIdFor } from '../model/ids.ts'
import type { Jobs } from '../concurrency/jobs.ts'
import type { KeyedLock } from '../concurrency/keyed-lock.ts'
import { devicesOf } from '../machine/devices.ts'
import type { VolumeParameters } from '../model/parameters.ts'
import type { FileSystems, ImageFiles, LoopDevices } from '../model/ports.ts'
import type { Restorer, SourceDemands } from '../snapshots/restorer.ts'
import type { Access, ContentSource, Volume, VolumeSpec } from '../model/volume.ts'

/** One page. */
const SMALLEST_BLOCK_VOLUME = 4096n

/** For a lock that nobody holds for longer than it takes to look. */
const LOCK_ATTEMPTS = 10
const LOCK_PAUSE_MS = 20

export interface CreateRequest {
  readonly name: string
  readonly range: CapacityRange
  /** All of them must be possible with the one volume. */
  readonly accesses: readonly Access[]
  readonly parameters: VolumeParameters
  readonly source: ContentSource | undefined
  /** Made for one pod; its name is the kubelet's, and no name of a persistent volume. */
  readonly ephemeral?: boolean
}

export interface ProvisionerDependencies {
  readonly nodeId: string
  readonly catalog: Catalog
  readonly locks: KeyedLock
  readonly jobs: Jobs
  readonly files: ImageFiles
  readonly loops: LoopDevices
  readonly fileSystems: FileSystems
  readonly restorer: Restorer
}

/** Makes, grows and deletes volumes, whether somebody uses them or not. */
export class Provisioner {
  readonly #on: ProvisionerDependencies

  constructor(dependencies: ProvisionerDependencies) {
    this.#on = dependencies
  }

  /**
   * Makes the volume of this name, or returns the one that a request like this one made before. Copying the
   * content of a source goes on when the caller gives up; a repeated call joins it.
   * @throws VolumeError already-exists when the name is taken by a volume that is not what is asked for
   */
  async create(request: CreateRequest, signal: AbortSignal): Promise<Volume> {
    const { catalog, jobs, nodeId, restorer } = this.#on
    const id = (request.ephemeral ? ephemeralIdFor : volumeIdFor)(nodeId, request.name)
    const existing = catalog.find(id)
    const demands = existing || !request.source ? undefined : restorer.demands(request.source)
    requireFileSystem(request.accesses, request.source, demands)
    const spec = specOf(request, demands ?? existing)
    catalog.pool(spec.pool)
    if (existing) return compatible(existing, spec, request.range)
    const minimum = larger(this.minimumBytes(spec), demands?.sizeBytes ?? 0n)
    requireSize(request.range, demands)
    const capacityBytes = chooseCapacity(request.range, minimum, demands?.sizeBytes)
    const { name, ephemeral = false, parameters, range } = request
    const { labels } = parameters
    const initial = attributesOf(spec)
    const createdAt = new Date().toISOString()
    const fileSystem = initialState(spec, parameters)
    const volume = { ...spec, fileSystem, id, name, capacityBytes, initial, ephemeral, labels, createdAt }
    if (!request.source) return await this.#make(volume, range, signal)
    return compatible(await jobs.run(id, (job) => this.#make(volume, range, job), signal), spec, range)
  }

  async #make(volume: Volume, range: CapacityRange, signal: AbortSignal): Promise<Volume> {
    const { catalog, files, locks, restorer } = this.#on
    using _lock = await locks.acquire(volume.id, signal)
    const existing = catalog.find(volume.id)
    if (existing) return compatible(existing, volume, range)
    return await catalog.pool(volume.pool).create(volume, async (draft) => {
      const { contentSource, fileSystem } = volume
      const filled = contentSource && (await restorer.fill(draft, volume, contentSource, signal))
      if (!filled)
        await files.create(draft.image, volume.capacityBytes, volume.provisioning === 'thick', signal)
      signal.throwIfAborted()
      return filled ?? fileSystem
    })
  }

  /**
   * Deletes the volume and its data.
   * @throws VolumeError failed-precondition while it is staged or attached
   */
  async delete(id: string, signal: AbortSignal): Promise<void> {
    const { catalog, files, locks, loops } = this.#on
    using _lock = await locks.acquire(id, signal)
    await catalog.forgetRemoved(id)
    const volume = catalog.find(id)
    if (!volume) {
      catalog.requireAbsent(id)
      return
    }
    // With the image's lock in hand nobody can attach it between here and its removal.
    const lock = await lockImage(files, catalog.image(volume), signal)
    await using _unused = lock === 'no image' ? undefined : lock
    // Its file is kept as long as a device has it, and its number must not go to another volume while a pod
    // shows that.
    if (lock === 'no image') await loops.detachNamed(id, signal)
    if (!lock) {
      throw new VolumeError(
        'failed-precondition',
        `volume "${id}" is in use (attached to a loop device); unstage it first`,
      )
    }
    await catalog.pool(volume.pool).volumes.remove(volume.id)
  }

  /**
   * Grows the volume, and its device if it has one; the file system is the node's to grow (Growth).
   * @returns the volume with its new capacity; with the old one when that satisfies the range
   * @throws VolumeError out-of-range when the range cannot be had
   */
  async expand(id: string, range: CapacityRange, signal: AbortSignal): Promise<Volume> {
    const { catalog, locks, loops } = this.#on
    using _lock = await locks.acquire(id, signal)
    const volume = catalog.get(id)
    // Made larger, one that has lost its end would look whole.
    const image = await catalog.wholeImage(volume)
    let grown = volume
    if (range.requiredBytes > volume.capacityBytes) {
      grown = await catalog.pool(volume.pool).grow(volume, chooseCapacity(range, 0n), signal)
    } else if (!satisfies(volume.capacityBytes, range)) {
      throw new VolumeError(
        'out-of-range',
        `volume "${id}" has ${volume.capacityBytes} bytes, more than limit_bytes ${range.limitBytes}; volumes do not shrink`,
      )
    }
    for (const state of await devicesOf(loops, image)) {
      if (state && state.sizeBytes < grown.capacityBytes) await loops.resize(state.device)
    }
    return grown
  }

  /** The largest volume that can be made now, in bytes; none while its pool cannot be reached, or written. */
  async available({ pool, provisioning }: Pick<VolumeParameters, 'pool' | 'provisioning'>): Promise<bigint> {
    try {
      const found = this.#on.catalog.pool(pool)
      await found.check()
      if (await found.isReadOnly()) return 0n
      if ((await found.whyNot(provisioning)) !== undefined) return 0n
      return await found.space.available(provisioning)
    } catch (error) {
      if (!(error instanceof VolumeError)) throw failureOf(`pool "${pool}"`, error)
      if (error.kind === 'unavailable') return 0n
      throw error
    }
  }

  /** The smallest volume of this kind. */
  minimumBytes({ accessTypes, fsType }: Pick<VolumeSpec, 'accessTypes' | 'fsType'>): bigint {
    return accessTypes.includes('mount') ? this.#on.fileSystems.minimumBytes(fsType) : SMALLEST_BLOCK_VOLUME
  }
}

/**
 * What is asked for, with what the source of the content says where nothing is asked.
 * @throws VolumeError invalid-argument when the capabilities, the parameters and the source contradict each
 * other
 */
export function specOf(
  { accesses, parameters, source }: Pick<CreateRequest, 'accesses' | 'parameters' | 'source'>,
  given?: Pick<SourceDemands, 'fsType'>,
): VolumeSpec {
  const wanted = accesses.flatMap((access) => (access.type === 'mount' ? (access.fsType ?? []) : []))
  const types = new Set(parameters.fsType ? [...wanted, parameters.fsType] : wanted)
  const isMounted = accesses.some(({ type }) => type === 'mount')
  if (source && given && isMounted && types.size > 0) types.add(given.fsType)
  if (types.size > 1) {
    throw new VolumeError(
      'invalid-argument',
      `one volume cannot have several file systems: ${[...types].join(' and ')}`,
    )
  }
  const [fsType = source && given ? given.fsType : parameterTable.fsType.default] = types
  const { pool, mkfsOptions } = parameters
  const accessTypes = [...new Set(accesses.map((access) => access.type))].sort()
  const attributes = attributesOf(parameters)
  return { pool, accessTypes, fsType, ...attributes, mkfsOptions, contentSource: source }
}

/** A pod that uses a volume raw leaves what may look blank. */
function initialState(
  { accessTypes }: Pick<VolumeSpec, 'accessTypes'>,
  { content }: Pick<VolumeParameters, 'content'>,
): FileSystemState {
  if (content === 'imported') return { state: 'imported' }
  return { state: accessTypes.includes('block') ? 'unknown' : 'new' }
}

/**
 * The lock that a loop device holds, too. A copy of the volume that looks whether it is attached, and does
 * not hold the volume's lock for that, has it for a moment.
 * @returns undefined while somebody has it
 */
async function lockImage(
  files: ImageFiles,
  image: string,
  signal: AbortSignal,
): Promise<AsyncDisposable | 'no image' | undefined> {
  try {
    for (let attempt = 1; attempt < LOCK_ATTEMPTS; attempt++) {
      const lock = await files.lock(image)
      if (lock) return lock
      await setTimeout(Math.random() * LOCK_PAUSE_MS, undefined, { signal })
    }
    return await files.lock(image)
  } catch (error) {
    // Nothing, or what nobody can attach: a socket, a device without a driver, a symbolic link that leads
    // nowhere.
    if (hasErrno(error, 'ENOENT', 'ENXIO', 'ENODEV', 'ELOOP')) return 'no image'
    throw error
  }
}

/**
 * What a raw block volume holds is made up by whoever wrote it, and is nothing to mount.
 * @throws VolumeError invalid-argument for a volume with a file system that is to be made of one
 */
function requireFileSystem(
  accesses: readonly Access[],
  source: ContentSource | undefined,
  demands: SourceDemands | undefined,
): void {
  if (!source || !demands || demands.accessTypes.includes('mount')) return
  if (!accesses.some(({ type }) => type === 'mount')) return
  throw new VolumeError(
    'invalid-argument',
    `volume_content_source: ${source.type} "${source.id}" is of a raw block volume; only a raw block volume (volumeMode Block) can be made of it`,
  )
}

/** A volume cannot be smaller than what it is made of. */
function requireSize({ requiredBytes }: CapacityRange, demands: SourceDemands | undefined): void {
  if (!demands || requiredBytes === 0n || requiredBytes >= demands.sizeBytes) return
  throw new VolumeError(
    'out-of-range',
    `capacity_range: required_bytes ${requiredBytes} is less than the ${demands.sizeBytes} bytes of the source`,
  )
}

/** @throws VolumeError already-exists when the volume is not what is asked for */
function compatible(existing: Volume, spec: VolumeSpec, range: CapacityRange): Volume {
  const taken = `name "${existing.name}" is taken by volume ${existing.id}`
  const asked = { ...existing, ...existing.initial }
  for (const key of specKeys) {
    const [is, wanted] = [JSON.stringify(asked[key]), JSON.stringify(spec[key])]
    if (is !== wanted)
      throw new VolumeError('already-exists', `${taken}, whose ${key} is ${is}, not ${wanted}`)
  }
  if (satisfies(existing.capacityBytes, range)) return existing
  throw new VolumeError(
    'already-exists',
    `${taken}, whose ${existing.capacityBytes} bytes are not within ${range.requiredBytes} to ${range.limitBytes || 'any'}`,
  )
}

const specKeys = [
  'pool',
  'accessTypes',
  'fsType',
  ...attributeKeys,
  'mkfsOptions',
  'contentSource',
] as const satisfies (keyof VolumeSpec)[]
