import { attributeKeys, attributesOf, parameterTable } from '../model/attributes.ts'
import { chooseCapacity, satisfies, type CapacityRange } from '../model/capacity-range.ts'
import { larger } from '../model/bytes.ts'
import { VolumeError } from '../model/errors.ts'
import type { FileSystemState } from '../model/file-system-state.ts'
import { ephemeralIdFor, volumeIdFor } from '../model/ids.ts'
import type { VolumeParameters } from '../model/parameters.ts'
import type { Access, ContentSource, Volume, VolumeSpec } from '../model/volume.ts'
import { demandsOf, fillFromSource, type SourceDemands } from '../snapshots/restore.ts'
import type { NodeContext } from '../state/context.ts'
import { minimumBytes } from './capacity.ts'

export interface CreateRequest {
  readonly name: string
  readonly range: CapacityRange
  /** One volume must support all of them. */
  readonly accesses: readonly Access[]
  readonly parameters: VolumeParameters
  readonly source: ContentSource | undefined
  /** An inline volume: the kubelet chose its name, which is never the name of a persistent volume. */
  readonly ephemeral?: boolean
}

/**
 * Creates the volume of this name, or returns the existing one if it satisfies the request. Copying the
 * source continues when the caller gives up; a repeated call joins it.
 * @throws VolumeError already-exists when the existing volume does not satisfy the request
 */
export async function createVolume(
  node: NodeContext,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<Volume> {
  const { catalog, jobs, nodeId } = node
  const { range, source } = request
  const id = (request.ephemeral ? ephemeralIdFor : volumeIdFor)(nodeId, request.name)
  const existing = catalog.find(id)
  const demands = existing || !source ? undefined : demandsOf(node, source)
  if (source && demands) requireFileSystem(request, source, demands)
  const spec = specOf(request, demands ?? existing)
  catalog.pool(spec.pool)
  if (existing) return compatible(existing, spec, range)
  const minimum = larger(minimumBytes(node, spec), demands?.sizeBytes ?? 0n)
  requireSize(range, demands)
  const capacityBytes = chooseCapacity(range, minimum, demands?.sizeBytes)
  const volume = { ...newVolume(request, spec), id, capacityBytes }
  if (!source) return await makeVolume(node, volume, range, signal)
  return compatible(await jobs.run(id, (job) => makeVolume(node, volume, range, job), signal), spec, range)
}

function newVolume(
  { ephemeral = false, name, parameters }: CreateRequest,
  spec: VolumeSpec,
): Omit<Volume, 'id' | 'capacityBytes'> {
  return {
    ...spec,
    fileSystem: initialState(spec, parameters),
    name,
    initial: attributesOf(spec),
    ephemeral,
    labels: parameters.labels,
    createdAt: new Date().toISOString(),
  }
}

async function makeVolume(
  node: NodeContext,
  volume: Volume,
  range: CapacityRange,
  signal: AbortSignal,
): Promise<Volume> {
  const { access, catalog, files } = node
  return await access.withLock(volume.id, signal, async () => {
    const existing = catalog.find(volume.id)
    if (existing) return compatible(existing, volume, range)
    return await catalog.pool(volume.pool).create(volume, async (draft) => {
      const { capacityBytes, contentSource, fileSystem, provisioning } = volume
      const filled = contentSource && (await fillFromSource(node, draft, volume, contentSource, signal))
      if (!filled) await files.create(draft.image, capacityBytes, provisioning === 'thick', signal)
      signal.throwIfAborted()
      return filled ?? fileSystem
    })
  })
}

/**
 * The requested properties; the source of the content provides those that were not requested.
 * @throws VolumeError invalid-argument when the capabilities and the parameters contradict each other
 */
export function specOf(
  { accesses, parameters, source }: Pick<CreateRequest, 'accesses' | 'parameters' | 'source'>,
  given?: Pick<SourceDemands, 'fsType'>,
): VolumeSpec {
  const wanted = accesses.flatMap((access) => (access.type === 'mount' ? (access.fsType ?? []) : []))
  const types = new Set(parameters.fsType ? [...wanted, parameters.fsType] : wanted)
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

/** A pod that uses a volume as a raw block device can leave content that looks blank. */
function initialState(
  { accessTypes }: Pick<VolumeSpec, 'accessTypes'>,
  { content }: Pick<VolumeParameters, 'content'>,
): FileSystemState {
  if (content === 'imported') return { state: 'imported' }
  return { state: accessTypes.includes('block') ? 'unknown' : 'new' }
}

/**
 * A file system volume has the file system of its source. The content of a raw block volume comes from a pod,
 * so the kernel must not mount it.
 * @throws VolumeError invalid-argument for a file system volume with another source
 */
function requireFileSystem(
  { accesses, parameters }: Pick<CreateRequest, 'accesses' | 'parameters'>,
  { type, id }: ContentSource,
  demands: SourceDemands,
): void {
  const mounted = accesses.filter((access) => access.type === 'mount')
  if (mounted.length === 0) return
  if (!demands.accessTypes.includes('mount')) {
    throw new VolumeError(
      'invalid-argument',
      `volume_content_source: ${type} "${id}" is of a raw block volume; only a raw block volume (volumeMode Block) can be created from it`,
    )
  }
  const wanted = [
    ...mounted.map(({ fsType }) => ({ field: 'volume_capabilities: fs_type', fsType })),
    { field: 'parameters: fsType', fsType: parameters.fsType },
  ]
  for (const { field, fsType } of wanted) {
    if (!fsType || fsType === demands.fsType) continue
    throw new VolumeError(
      'invalid-argument',
      `${field} is ${fsType}, but volume_content_source: ${type} "${id}" has ${demands.fsType}; use a class with ${demands.fsType}, or one that names no file system`,
    )
  }
}

/** A volume cannot be smaller than its source. */
function requireSize({ requiredBytes }: CapacityRange, demands: SourceDemands | undefined): void {
  if (!demands || requiredBytes === 0n || requiredBytes >= demands.sizeBytes) return
  throw new VolumeError(
    'out-of-range',
    `capacity_range: required_bytes ${requiredBytes} is less than the ${demands.sizeBytes} bytes of the source`,
  )
}

/** @throws VolumeError already-exists when the volume does not satisfy the request */
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
