import { checkRange, chooseCapacity, satisfies, type CapacityRange } from './capacity-range.ts'
import type { Catalog } from './catalog.ts'
import { VolumeError, hasErrno } from './errors.ts'
import { volumeIdFor } from './ids.ts'
import type { KeyedLock } from './keyed-lock.ts'
import type { VolumeParameters } from './parameters.ts'
import type { FileSystems, FsType, ImageFiles, LoopDevices } from './ports.ts'
import type { Access, Volume, VolumeSpec } from './volume.ts'

const DEFAULT_FS_TYPE: FsType = 'ext4'

/** One page. */
const SMALLEST_BLOCK_VOLUME = 4096n

export interface CreateRequest {
  readonly name: string
  readonly range: CapacityRange
  /** All of them must be possible with the one volume. */
  readonly accesses: readonly Access[]
  readonly parameters: VolumeParameters
}

export interface ProvisionerDependencies {
  readonly nodeId: string
  readonly catalog: Catalog
  readonly locks: KeyedLock
  readonly files: ImageFiles
  readonly loops: LoopDevices
  readonly fileSystems: FileSystems
}

/** Makes, grows and deletes volumes, whether somebody uses them or not. */
export class Provisioner {
  readonly #on: ProvisionerDependencies

  constructor(dependencies: ProvisionerDependencies) {
    this.#on = dependencies
  }

  /**
   * Makes the volume of this name, or returns the one that a request like this one made before.
   * @throws VolumeError already-exists when the name is taken by a volume that is not what is asked for
   */
  async create(request: CreateRequest, signal: AbortSignal): Promise<Volume> {
    const { catalog, locks, nodeId } = this.#on
    const id = volumeIdFor(nodeId, request.name)
    const spec = specOf(request.accesses, request.parameters)
    const pool = catalog.pool(spec.pool)
    const capacityBytes = chooseCapacity(
      request.range,
      this.minimumBytes(request.accesses, request.parameters),
    )
    using _lock = await locks.acquire(id, signal)
    const existing = catalog.find(id)
    if (existing) return compatible(existing, spec, request.range)
    const { labels } = request.parameters
    const volume = {
      ...spec,
      id,
      name: request.name,
      capacityBytes,
      createdAt: new Date().toISOString(),
      labels,
    }
    await pool.create(volume, signal)
    return volume
  }

  /** Deletes the volume and its data. @throws VolumeError failed-precondition while it is staged or attached */
  async delete(id: string, signal: AbortSignal): Promise<void> {
    const { catalog, files, locks } = this.#on
    using _lock = await locks.acquire(id, signal)
    const volume = catalog.find(id)
    if (!volume) return
    // With the image's lock in hand nobody can attach it between here and its removal.
    await using unused = await files.lock(catalog.image(volume)).catch((error: unknown) => {
      if (hasErrno(error, 'ENOENT')) return { [Symbol.asyncDispose]: () => Promise.resolve() }
      throw error
    })
    if (!unused) {
      throw new VolumeError(
        'failed-precondition',
        `volume "${id}" is in use (attached to a loop device); unstage it first`,
      )
    }
    await catalog.pool(volume.pool).remove(volume)
  }

  /**
   * Grows the volume, and its device if it has one; the file system is the node's to grow (Growth).
   * @returns the volume with its new capacity; with the old one when that satisfies the range
   * @throws VolumeError out-of-range when the range cannot be had
   */
  async expand(id: string, range: CapacityRange, signal: AbortSignal): Promise<Volume> {
    const { catalog, locks, loops } = this.#on
    checkRange(range)
    using _lock = await locks.acquire(id, signal)
    const volume = catalog.get(id)
    let grown = volume
    if (range.requiredBytes > volume.capacityBytes) {
      grown = await catalog.pool(volume.pool).grow(volume, chooseCapacity(range, 0n), signal)
    } else if (!satisfies(volume.capacityBytes, range)) {
      throw new VolumeError(
        'out-of-range',
        `volume "${id}" has ${volume.capacityBytes} bytes, more than limit_bytes ${range.limitBytes}; volumes do not shrink`,
      )
    }
    const attached = await loops.find(catalog.image(grown))
    if (attached && attached.sizeBytes < grown.capacityBytes) await loops.resize(attached.device)
    return grown
  }

  /** The smallest volume of this kind. */
  minimumBytes(accesses: readonly Access[], parameters: VolumeParameters): bigint {
    const { accessTypes, fsType } = specOf(accesses, parameters)
    return accessTypes.includes('mount') ? this.#on.fileSystems.minimumBytes(fsType) : SMALLEST_BLOCK_VOLUME
  }
}

/** @throws VolumeError invalid-argument when the capabilities and the parameters contradict each other */
function specOf(accesses: readonly Access[], parameters: VolumeParameters): VolumeSpec {
  const wanted = accesses.flatMap((access) => (access.type === 'mount' ? (access.fsType ?? []) : []))
  const types = new Set(parameters.fsType ? [...wanted, parameters.fsType] : wanted)
  if (types.size > 1) {
    throw new VolumeError(
      'invalid-argument',
      `one volume cannot have several file systems: ${[...types].join(' and ')}`,
    )
  }
  const [fsType = DEFAULT_FS_TYPE] = types
  const { pool, provisioning, directIo, mkfsOptions } = parameters
  const accessTypes = [...new Set(accesses.map((access) => access.type))].sort()
  return { pool, accessTypes, fsType, provisioning, directIo, mkfsOptions }
}

function compatible(existing: Volume, spec: VolumeSpec, range: CapacityRange): Volume {
  const differs = (Object.keys(spec) as (keyof VolumeSpec)[]).find(
    (key) => JSON.stringify(spec[key]) !== JSON.stringify(existing[key]),
  )
  if (differs) {
    throw new VolumeError(
      'already-exists',
      `name "${existing.name}" is taken by volume ${existing.id}, whose ${differs} is ${JSON.stringify(existing[differs])}, not ${JSON.stringify(spec[differs])}`,
    )
  }
  if (!satisfies(existing.capacityBytes, range)) {
    throw new VolumeError(
      'already-exists',
      `name "${existing.name}" is taken by volume ${existing.id}, whose ${existing.capacityBytes} bytes are not within ${range.requiredBytes} to ${range.limitBytes || 'any'}`,
    )
  }
  return existing
}
