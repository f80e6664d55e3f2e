import { resolve } from 'node:path'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { AttachedDevices } from '../../linux/loop/attached-devices.ts'
import { LinuxMounts } from '../../linux/mount/mounts.ts'
import { readPool, type PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import { lookAtVolume, type NodeState, type VolumeOnNode } from '../../volumes/inspection/volume-on-node.ts'
import { KnownPools } from '../../volumes/pool/files/pool-identity.ts'
import type { MountEntry } from '../../volumes/model/ports.ts'
import { FILES_AT_ONCE, sideBySide } from '../../volumes/concurrency/side-by-side.ts'
import type { Volume } from '../../volumes/model/volume.ts'
import { configuredPools, knownPoolsPath } from './config.ts'

/** Where the pools are, as the options of all commands for operators say it. */
export interface PoolOptions {
  readonly dataDir: string
  readonly config?: string
}

/** What is on the disk, and what the kernel knows, at one moment. */
export interface Survey {
  readonly pools: readonly PoolOnDisk[]
  readonly devices: AttachedDevices
  readonly mounts: readonly MountEntry[]
}

/**
 * Looks at everything beside the driver that may run: no lock is taken, and nothing is changed.
 * @throws Error when the configuration cannot be read
 */
export async function takeSurvey(options: PoolOptions): Promise<Survey> {
  const dataDir = resolve(options.dataDir)
  const configs = await configuredPools(options.config, dataDir)
  const mounts = new LinuxMounts()
  const on = { files: new LinuxImageFiles(), mounts, known: new KnownPools(knownPoolsPath(dataDir)) }
  const pools = await Promise.all(configs.map((config) => readPool(config, on)))
  return { pools, devices: await AttachedDevices.list(), mounts: await mounts.list() }
}

/** The volumes of a pool that can be read, with what the kernel knows of them. */
export async function volumesOf(pool: PoolOnDisk, survey: Survey): Promise<VolumeOnNode[]> {
  const node = nodeStateOf(survey)
  const found = await sideBySide(pool.volumes.records, FILES_AT_ONCE, (volume) =>
    lookAtVolume(pool, volume, node),
  )
  return found.filter((volume) => volume !== undefined)
}

/** One of them. @throws Error when it was deleted meanwhile */
export async function volumeOf(pool: PoolOnDisk, volume: Volume, survey: Survey): Promise<VolumeOnNode> {
  const found = await lookAtVolume(pool, volume, nodeStateOf(survey))
  if (found) return found
  throw new Error(`volume "${volume.id}" was deleted meanwhile`)
}

function nodeStateOf({ devices, mounts }: Survey): NodeState {
  return { files: new LinuxImageFiles(), mounts, devicesOf: (image) => devices.of(image) }
}
