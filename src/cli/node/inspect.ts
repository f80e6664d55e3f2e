import { resolve } from 'node:path'
import { FILES_AT_ONCE, sideBySide } from '../../volumes/concurrency/side-by-side.ts'
import { readPool, type PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import { observeVolume, type VolumeOnNode } from '../../volumes/inspection/volume-on-node.ts'
import type { ImageFiles } from '../../volumes/model/ports/image-files.ts'
import type { MountEntry } from '../../volumes/model/ports/mounts.ts'
import type { Volume } from '../../volumes/model/volume.ts'
import { KnownPools } from '../../volumes/pool/files/pool-identity.ts'
import type { StateSource } from '../../volumes/state/volume-state.ts'
import type { PoolOptions } from './commands.ts'
import { configuredPools, knownPoolsPath } from './config.ts'
import type { BoundDevices, OperatorMachine } from './machine.ts'

/** The pools on the disk, and the kernel's devices and mounts, at one moment. */
export interface InspectedNode {
  readonly files: ImageFiles
  readonly pools: readonly PoolOnDisk[]
  readonly devices: BoundDevices
  readonly mounts: readonly MountEntry[]
}

/**
 * Takes no lock and changes nothing, so it can run beside a driver at any time.
 * @throws Error when the configuration cannot be read
 */
export async function inspectNode(machine: OperatorMachine, options: PoolOptions): Promise<InspectedNode> {
  const { files, mounts } = machine
  const dataDir = resolve(options.dataDir)
  const configs = await configuredPools(options.config, dataDir)
  const on = { files, mounts, known: new KnownPools(knownPoolsPath(dataDir)) }
  const pools = await Promise.all(configs.map((config) => readPool(config, on)))
  return { files, pools, devices: await machine.listDevices(), mounts: await mounts.list() }
}

/** One sentence for each pool whose volumes cannot be read now, with the reason. */
export function unreadPools(pools: readonly PoolOnDisk[]): string[] {
  return pools.flatMap(({ config, problem, state }) => {
    if (problem) return [problem.message]
    if (state !== 'unmounted') return []
    return [
      `pool "${config.name}": its image ${config.image?.file ?? config.path} is not mounted in this mount namespace; start the driver, or run this in the driver's mount namespace`,
    ]
  })
}

/** The volumes of a pool whose records can be read, with their devices and mounts. */
export async function inspectVolumes(pool: PoolOnDisk, node: InspectedNode): Promise<VolumeOnNode[]> {
  const source = sourceOf(node)
  const found = await sideBySide(pool.volumes.records, FILES_AT_ONCE, (volume) =>
    observeVolume(pool, volume, node.files, source),
  )
  return found.filter((volume) => volume !== undefined)
}

/** @throws Error when the volume was deleted after the node was inspected */
export async function inspectVolume(
  pool: PoolOnDisk,
  volume: Volume,
  node: InspectedNode,
): Promise<VolumeOnNode> {
  const found = await observeVolume(pool, volume, node.files, sourceOf(node))
  if (found) return found
  throw new Error(`volume "${volume.id}" was deleted meanwhile`)
}

function sourceOf({ devices, mounts }: InspectedNode): StateSource {
  return {
    findDevice: async (image) => (await devices.of(image))[0],
    findDevicesAbove: async (_, image) => (await devices.of(image)).slice(1),
    listMounts: () => Promise.resolve(mounts),
  }
}
