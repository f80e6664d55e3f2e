import { rename, rm, rmdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { pathExists } from '../../volumes/machine/mount-points.ts'
import { defaultAttributes } from '../../volumes/model/attributes.ts'
import { hasErrno, messageOf, VolumeError } from '../../volumes/model/errors.ts'
import type { ImageFiles } from '../../volumes/model/ports/image-files.ts'
import { volumeKind } from '../../volumes/pool/records/record-kinds.ts'
import { copyImage } from '../../volumes/snapshots/restore.ts'
import type { NodeCommands, PoolOptions } from '../node/commands.ts'
import { inspectNode, type InspectedNode } from '../node/inspect.ts'
import type { OperatorMachine } from '../node/machine.ts'
import { connectToDriver, identifyDriver } from '../node/running-driver.ts'
import { explain } from '../terminal/help.ts'
import { nonEmpty } from '../terminal/options.ts'
import { ProgressBar } from '../terminal/progress.ts'
import { abortOnInterruption } from '../terminal/signals.ts'
import {
  addCreateOptions,
  createWithImage,
  DRIVER_CREATES,
  putCopy,
  replaceImage,
  resizeToVolume,
  type ImagePlace,
  type NewVolume,
} from './create.ts'
import { findForeignVolume, isInPool, poolDirectory, type ForeignVolume } from './foreign-volume.ts'
import { contentOf, lockFile, type ContentOptions } from './image-file.ts'

interface AdoptOptions extends PoolOptions, ContentOptions {
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

/** `volume adopt`. */
export function addAdopt({ add, machine }: NodeCommands): void {
  const command = addCreateOptions(
    add('adopt', 'Move an image that no node owns to a new volume of this node'),
  )
    .argument(
      '<path>',
      "a volume's directory (volume.json, disk.img) of another node, or any image; it is moved",
    )
    .option('--name <name>', 'name of the volume, as in CreateVolume (default: that in its record)', nonEmpty)
    .option('--claim <namespace/name>', 'the claim to bind it to (default: that in its record)', claim)
    .option('--storage-class <name>', 'storage class of the PersistentVolume and the claim', '')
    .action(async (path: string, options: AdoptOptions) => {
      process.stdout.write(await adoptVolume(await machine(), path, options))
    })
  explain(command, {
    notes: [
      'Prints the PersistentVolume and the claim that bind the volume, for kubectl apply. An image that is attached, locked, or in the pool of another running driver is refused.',
      DRIVER_CREATES,
    ],
    examples: [
      'csi-driver-loop volume adopt /mnt/old/pools/default/volumes/<id> | kubectl apply --filename -',
      'csi-driver-loop volume adopt db.img --name db --claim shop/db',
    ],
  })
}

function claim(text: string): Claim {
  const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(text) ?? []
  if (namespace !== undefined && name !== undefined) return { namespace, name }
  throw new InvalidArgumentError('It must be namespace/name.')
}

/**
 * Moves the image where possible instead of copying it, so that it has one owner at any time.
 * @param path a volume's directory, or an image
 * @returns the PersistentVolume and the claim that bind the volume, as YAML
 */
async function adoptVolume(machine: OperatorMachine, path: string, options: AdoptOptions): Promise<string> {
  const signal = abortOnInterruption()
  const node = await inspectNode(machine, options)
  const { nodeId } = await identifyDriver(options.endpoint)
  const foreign = await findForeignVolume(resolve(path), nodeId, node)
  await using _pool = await lockPool(foreign, node)
  await using _locked = await lockFile(foreign.image, node)
  const volume = await toVolume(machine, foreign, options, signal)
  const { id, capacityBytes, driver } = await createWithImage(options.endpoint, volume, node, (place) =>
    moveImage(machine, foreign.image, place, volume, signal),
  )
  await removeRecord(foreign, options.endpoint, node).catch((error: unknown) => {
    console.error(
      `${foreign.directory ?? ''} is no longer needed, and could not be removed: ${messageOf(error)}`,
    )
  })
  const claim = options.claim ?? claimOf(volume)
  const { name: driverName, topology } = driver
  const { storageClass } = options
  return await manifestOf({ volumeId: id, volume, capacityBytes, driverName, topology, claim, storageClass })
}

/**
 * A running driver of that pool would not notice the move; one that does not run cannot start while the pool
 * is locked.
 */
async function lockPool({ directory }: ForeignVolume, node: InspectedNode): Promise<AsyncDisposable> {
  const pool = directory === undefined ? undefined : poolDirectory(directory)
  const isOfOthers = pool !== undefined && directory !== undefined && !isInPool(directory, node)
  if (!isOfOthers || !(await pathExists(join(pool, 'pool.json')))) {
    return { [Symbol.asyncDispose]: () => Promise.resolve() }
  }
  const lock = await node.files.lock(pool)
  if (lock) return lock
  throw new VolumeError(
    'failed-precondition',
    `${pool} is the pool of another running driver; stop that driver first`,
  )
}

/** The attributes of its record, if it has one; options override them. */
async function toVolume(
  machine: OperatorMachine,
  foreign: ForeignVolume,
  options: AdoptOptions,
  signal: AbortSignal,
): Promise<NewVolume> {
  const { image, record } = foreign
  const name = options.name ?? record?.name
  if (name === undefined) throw new Error(`${image} has no record beside it: give --name <name>`)
  const { logical: capacityBytes } = await machine.files.size(image)
  const given = { name, capacityBytes, pool: options.pool }
  const labels = options.claim
    ? { 'pvc/namespace': options.claim.namespace, 'pvc/name': options.claim.name }
    : (record?.labels ?? {})
  if (record) return { ...record, ...given, labels, isImported: await hasFileSystem(foreign, machine.files) }
  const content = await contentOf(image, options, machine, signal)
  const isImported = content.accessTypes.includes('mount')
  return { ...given, ...defaultAttributes, mkfsOptions: [], labels, ...content, isImported }
}

/** False for a volume that was never used: its first stage creates the file system. */
async function hasFileSystem({ image, record }: ForeignVolume, files: ImageFiles): Promise<boolean> {
  if (!record?.accessTypes.includes('mount')) return false
  const { state } = record.fileSystem
  if (state === 'unknown') return await files.hasData(image)
  return state !== 'new'
}

/**
 * On the same disk a rename. From another disk the image is copied, and removed when the copy is in its
 * place. After a failure the image must be where it was, because the new volume is deleted with its image.
 */
async function moveImage(
  { copier, files }: OperatorMachine,
  source: string,
  place: ImagePlace,
  volume: NewVolume,
  signal: AbortSignal,
): Promise<void> {
  try {
    await resizeToVolume(files, source, place.capacityBytes, volume.provisioning, signal)
    await replaceImage(source, place.image)
  } catch (error) {
    if (!(await pathExists(source))) await rename(place.image, source)
    if (!hasErrno(error, 'EXDEV')) throw error
    using progress = new ProgressBar(`adopt ${source}`)
    const copy = (path: string): Promise<void> =>
      copyImage(copier, source, path, volume.provisioning, progress.update, signal)
    await putCopy(files, place, volume, copy, signal)
    await rm(source)
  }
}

/**
 * Removes the record that has no image any more. If a driver has it in its catalogue, that driver must delete
 * it.
 */
async function removeRecord(
  { directory }: ForeignVolume,
  endpoint: string,
  node: InspectedNode,
): Promise<void> {
  if (directory === undefined) return
  if (isInPool(directory, node)) {
    using client = await connectToDriver(endpoint)
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

export interface ManifestSubject {
  readonly volumeId: string
  readonly volume: Pick<NewVolume, 'name' | 'accessTypes' | 'fsType'>
  readonly capacityBytes: bigint
  readonly driverName: string
  readonly topology: Readonly<Record<string, string>>
  readonly claim: { readonly namespace: string; readonly name: string }
  readonly storageClass: string
}

/** A valid name of a Kubernetes object (RFC 1123). */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/

/** A PersistentVolume for an existing volume, and the claim that it is bound to, as YAML. */
export async function manifestOf(subject: ManifestSubject): Promise<string> {
  // Only this command needs YAML: loading it takes half as long as gRPC.
  const { stringify } = await import('yaml')
  const { claim, driverName, storageClass: storageClassName, topology, volume, volumeId } = subject
  const isMounted = volume.accessTypes.includes('mount')
  const common = {
    accessModes: ['ReadWriteOnce'],
    volumeMode: isMounted ? 'Filesystem' : 'Block',
    storageClassName,
  }
  const storage = `${subject.capacityBytes}`
  const persistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: NAME.test(volume.name) ? volume.name : `volume-${volumeId}` },
    spec: {
      capacity: { storage },
      ...common,
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim },
      csi: {
        driver: driverName,
        volumeHandle: volumeId,
        ...(isMounted && { fsType: volume.fsType }),
      },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: Object.entries(topology).map(([key, value]) => ({
                key,
                operator: 'In',
                values: [value],
              })),
            },
          ],
        },
      },
    },
  }
  const persistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: claim,
    spec: {
      ...common,
      resources: { requests: { storage } },
      volumeName: persistentVolume.metadata.name,
    },
  }
  return [persistentVolume, persistentVolumeClaim].map((object) => stringify(object)).join('---\n')
}
