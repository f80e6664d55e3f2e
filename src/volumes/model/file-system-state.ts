import { VolumeError } from './errors.ts'
import type { VolumeId } from './ids.ts'
import type { FsType, RepairCommands, Signature } from './ports/file-systems.ts'

/**
 * The file system in the image of a volume, as the record has it. A volume is formatted at most once, so
 * this state decides whether an image that looks blank may be formatted, or is damaged.
 *
 * - `new`: the driver made the image, and no stage has succeeded yet. The image is empty, or has what a
 *   killed mkfs left, or a file system that no pod has used.
 * - `unknown`: the image may have been formatted before. The record is older than this field, or the volume
 *   was used as a raw block device.
 * - `imported`: the image came from outside. It has a file system that the driver has never mounted.
 * - `formatted`: the image has a file system with this UUID (empty if it has none), which the driver has made
 *   or mounted. It may hold data of pods.
 */
export type FileSystemState =
  | { readonly state: 'new' }
  | { readonly state: 'unknown' }
  | { readonly state: 'imported' }
  | { readonly state: 'formatted'; readonly uuid: string }

/** The fields of a volume that concern its file system. */
export interface FormattedVolume {
  readonly id: VolumeId
  readonly fsType: FsType
  readonly fileSystem: FileSystemState
}

/** The content of an image at the time of a stage. */
export interface FoundContent extends Signature {
  /** False when no byte of the image was ever written. */
  readonly hasData: boolean
}

/**
 * The image does not have the file system that the volume had, or may have had. The cause is unknown, so a
 * person has to decide.
 */
export class FileSystemMissing extends VolumeError {
  /** The volume, and the content of its image. */
  readonly problem: string
  /** The commands that restore the file system, or another remedy. */
  readonly remedy: string

  constructor(problem: string, remedy: string, options?: ErrorOptions) {
    super('failed-precondition', `${problem}; ${remedy}`, options)
    this.name = 'FileSystemMissing'
    this.problem = problem
    this.remedy = remedy
  }

  /** @param cause why the content of the image cannot be recognized */
  static unclear(
    volume: FormattedVolume,
    image: string,
    repairs: RepairCommands,
    cause: Error,
  ): FileSystemMissing {
    return new FileSystemMissing(
      `volume "${volume.id}": the ${expected(volume)} in ${image} cannot be recognized (${cause.message}); it is left as it is`,
      repairOf(image, repairs),
      { cause },
    )
  }
}

/**
 * Decides whether a stage mounts the file system of the image, or makes it first.
 * @throws FileSystemMissing when neither is safe; the image must not be changed
 */
export function fileSystemAction(
  volume: FormattedVolume,
  image: string,
  found: FoundContent,
  repairs: RepairCommands,
): 'mount' | 'format' {
  const { fsType, fileSystem } = volume
  const hasNoTable = found.partitionTable === undefined
  const isBlank = hasNoTable && found.type === undefined
  if (hasNoTable && found.type === fsType && !found.unfinished) {
    if (fileSystem.state !== 'formatted' || fileSystem.uuid === (found.uuid ?? '')) return 'mount'
    throw otherUuid(volume, fileSystem.uuid, image, repairs, found.uuid)
  }
  const isKilledFormat = isBlank || (hasNoTable && found.type === fsType)
  if (fileSystem.state === 'new' && isKilledFormat) return 'format'
  if (fileSystem.state === 'unknown' && isBlank && !found.hasData) return 'format'
  throw isBlank || found.unfinished ? lost(volume, image, found, repairs) : otherContent(volume, image, found)
}

/** The state of a copy, by the state of its source before and after the copy was made. */
export function fileSystemOfCopy(
  before: FileSystemState,
  after: FileSystemState | undefined,
): FileSystemState {
  // The first stage happened meanwhile, before or after the point in time of the copy.
  if (before.state === 'new' && after?.state !== 'new') return { state: 'unknown' }
  return before
}

const RESTORE = 'restore the image from a backup, or make a volume of a snapshot'

function repairOf(image: string, { superblock }: RepairCommands): string {
  return `repair it (${onDevice(image, superblock)}), or ${RESTORE}`
}

function onDevice(image: string, command: string): string {
  return `csi-driver-loop loop attach ${image}; ${command}; csi-driver-loop loop detach <device>`
}

function lost(
  volume: FormattedVolume,
  image: string,
  { hasData }: FoundContent,
  repairs: RepairCommands,
): FileSystemMissing {
  const { id } = volume
  if (!hasData) {
    return new FileSystemMissing(
      `volume "${id}": the ${expected(volume)} is no longer in ${image}, which is empty and is not formatted again`,
      RESTORE,
    )
  }
  return new FileSystemMissing(
    `volume "${id}": the ${expected(volume)} is no longer in ${image}, which has lost its superblock and is not formatted again`,
    repairOf(image, repairs),
  )
}

function otherUuid(
  { fsType, id }: FormattedVolume,
  uuid: string,
  image: string,
  repairs: RepairCommands,
  found = 'none',
): FileSystemMissing {
  const problem = `volume "${id}": the UUID of the ${fsType} in ${image} is ${found}, not ${uuid || 'none'} as when it was last mounted; it is left as it is`
  if (uuid === '') return new FileSystemMissing(problem, RESTORE)
  return new FileSystemMissing(
    problem,
    `if the image is another volume's, ${RESTORE}; if only the UUID was changed, set it back (${onDevice(image, repairs.uuid(uuid))})`,
  )
}

function otherContent(
  volume: FormattedVolume,
  image: string,
  { partitionTable, type }: FoundContent,
): FileSystemMissing {
  const found = partitionTable === undefined ? type : `a ${partitionTable} partition table`
  return new FileSystemMissing(
    `volume "${volume.id}": ${image} has ${found} where its ${expected(volume)} should be; it is left as it is`,
    RESTORE,
  )
}

function expected({ fsType, fileSystem }: FormattedVolume): string {
  return fileSystem.state === 'formatted' && fileSystem.uuid !== ''
    ? `${fsType} (UUID ${fileSystem.uuid})`
    : fsType
}
