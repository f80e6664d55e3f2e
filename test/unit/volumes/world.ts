import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino, { type Logger } from 'pino'
import { assembleNode, type LoopNode } from '../../../src/volumes/assemble.ts'
import { never } from '../../../src/volumes/concurrency/deadlines.ts'
import { HeldFileSystems } from '../../../src/volumes/machine/held-file-systems.ts'
import { parseParameters } from '../../../src/volumes/model/parameters.ts'
import type { PoolLimits } from '../../../src/volumes/model/pool-config.ts'
import type { WriteTracer } from '../../../src/volumes/model/ports/image-copier.ts'
import type { LoopDevice } from '../../../src/volumes/model/ports/loop-devices.ts'
import type { Access, ContentSource, Volume } from '../../../src/volumes/model/volume.ts'
import { createVolume } from '../../../src/volumes/operations/create.ts'
import type { Catalog } from '../../../src/volumes/pool/catalog.ts'
import { VolumeAccess } from '../../../src/volumes/state/volume-access.ts'
import { makeFakeMachine } from '../../fakes/machine.ts'
import { RecordingObserver } from '../../fakes/observer.ts'

export const MiB = 1n << 20n
export { never }
export const writer: Access = { type: 'mount', mode: 'SINGLE_NODE_WRITER', fsType: undefined, mountFlags: [] }
export const block: Access = { type: 'block', mode: 'SINGLE_NODE_WRITER' }
export const noLimits: PoolLimits = {
  sizeBytes: undefined,
  reserveBytes: 0n,
  overcommit: 1000,
  inlineBytes: 0n,
}

export const silent = pino({ level: 'silent' })

/** A node whose files are real and whose devices, mounts and file systems are imagined. It has two pools. */
export async function makeWorld(
  limits: PoolLimits = noLimits,
  tracer?: WriteTracer & AsyncDisposable,
  log: Logger = silent,
) {
  const directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
  const machine = makeFakeMachine()
  const { files, fileSystems, loops, mounts, copier } = machine
  const config = { name: 'default', path: join(directory, 'pool'), limits }
  const otherConfig = { name: 'other', path: join(directory, 'other'), limits }
  const observer = new RecordingObserver()
  const nodeConfig = {
    nodeId: 'n1',
    pools: [config, otherConfig],
    knownPoolsPath: join(directory, 'known-pools'),
    mountsPath: join(directory, 'mounts'),
    trimIntervalMs: 0,
  }
  const node = await assembleNode(
    { ...machine, openTracer: () => Promise.resolve(tracer) },
    nodeConfig,
    observer,
    log,
  )
  const { catalog } = node
  return {
    directory,
    config,
    otherConfig,
    nodeConfig,
    files,
    fileSystems,
    loops,
    mounts,
    pool: catalog.pool('default'),
    other: catalog.pool('other'),
    catalog,
    node,
    copier,
    observer,
    /** Makes a volume of 16 MiB. */
    async create(
      name: string,
      access: Access = writer,
      parameters: Record<string, string> = {},
      source?: ContentSource,
    ) {
      const range = { requiredBytes: 16n * MiB, limitBytes: 0n }
      const request = { name, range, accesses: [access], parameters: parseParameters(parameters), source }
      const volume = await createVolume(node, request, never)
      // Fake file systems live on device names; the first free one is what attach will give out.
      fileSystems.setSize('/dev/loop0', volume.capacityBytes)
      return volume
    },
    /** Attaches a volume as its staging does, and mounts it if it is one for that. */
    async use(volume: Volume): Promise<{ device: LoopDevice; mountPoint: string }> {
      const autoclear = volume.accessTypes.includes('mount')
      const { id, directIo } = volume
      const options = { name: id, readOnly: false, autoclear, directIo, sectorBytes: 512 } as const
      await using attachment = await loops.attach(catalog.image(volume), options, never)
      const { device } = attachment
      const mountPoint = join(directory, `mnt-${volume.name}`)
      if (autoclear) {
        await mkdir(mountPoint)
        await mounts.mount({ source: device.path, target: mountPoint, fsType: volume.fsType, options: [] })
      }
      return { device, mountPoint }
    },
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}

/** The node as its next process has it, with other pools. */
export function nodeWith({ node }: Pick<World, 'node'>, catalog: Catalog): LoopNode {
  const { locks, loops, mounts } = node
  const access = new VolumeAccess({ catalog, held: new HeldFileSystems(silent), locks, loops, mounts })
  return { ...node, catalog, access }
}

export type World = Awaited<ReturnType<typeof makeWorld>>
