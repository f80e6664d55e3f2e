import { TestSnapshot } from '../../support/snapshot.ts'
import { MiB, TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'
import { writeContent, writeRawContent } from '../content.ts'
import type { World } from '../world.ts'

export type Wishes = NonNullable<ConstructorParameters<typeof TestVolume>[2]>

/** In the pool where copies share their blocks. */
export const instant = { parameters: { pool: 'instant' }, inPoolImage: true } as const

export const raw = { capability: blockCapability() } as const

/** The smallest file system that grows while it is mounted without a privilege. */
export const xfs = { ...instant, capability: mountCapability('xfs'), bytes: 300 * MiB } as const

/** A volume that there is not yet, and the directories that the CO makes for it. */
export async function planned(world: World, name: string, wishes: Wishes = {}): Promise<TestVolume> {
  await world.node.directory(name, 'globalmount')
  return new TestVolume(world.node, name, { bytes: 16 * MiB, ...wishes })
}

/** A staged volume with something in it. */
export async function written(world: World, name: string, wishes: Wishes = {}): Promise<TestVolume> {
  const volume = await (await planned(world, name, wishes)).create()
  await volume.stage()
  if (wishes.capability?.accessType === 'block') await writeRawContent(await deviceOf(volume))
  else await writeContent(volume.staging)
  return volume
}

export async function deviceOf(volume: TestVolume): Promise<string> {
  const [device] = await volume.devices()
  if (device === undefined) throw new Error(`volume ${volume.name} is not attached`)
  return device
}

/** A snapshot of a volume that is not there any more. */
export async function kept(world: World, name: string, wishes: Wishes = {}): Promise<TestSnapshot> {
  const volume = await written(world, name, wishes)
  const snapshot = await new TestSnapshot(world.node, `${name}-snapshot`, volume).create()
  await volume[Symbol.asyncDispose]()
  return snapshot
}
