import { join } from 'node:path'
import type { VolumeCapabilityInit } from '../../src/csi/generated/csi/v1/VolumeCapability.ts'
import type { VolumeContentSourceInit } from '../../src/csi/generated/csi/v1/VolumeContentSource.ts'
import { explain } from '../harness/explain.ts'
import { at } from '../support/at.ts'
import type { TestHost } from '../support/host.ts'
import { PodVolume } from '../support/pod-volume.ts'
import { TestSnapshot } from '../support/snapshot.ts'
import { MiB, TestVolume, blockCapability, mountCapability } from '../support/volume.ts'
import { checkContent, writeContent } from './content.ts'

/** Enough for each of the file systems. */
const BYTES = 320 * MiB

/** One life of a volume, and of all that is made of it. */
interface Life {
  readonly host: TestHost
  /** Unique: the names of everything begin with it. */
  readonly name: string
  readonly pool: string
}

/** A volume while it is staged, published and written. */
interface Used {
  readonly life: Life
  readonly capability: VolumeCapabilityInit
  readonly volume: TestVolume
  readonly target: string
}

/** What happens to a volume while it is used. */
type Event = (used: Used) => Promise<void>

const nothing: Event = () => Promise.resolve()

const expand: Event = ({ volume, target }) => volume.expand(2 * BYTES, target)

const modify: Event = async ({ life, volume }) => {
  const { controller } = life.host.client
  for (const mutableParameters of [{ directIO: 'off' }, { directIO: 'on', discard: 'periodic' }])
    await controller.controllerModifyVolume({ volumeId: volume.id, mutableParameters })
}

const clone: Event = ({ life, capability, volume }) => checkCopy(life, capability, volume.asSource)

const restore: Event = async ({ life, capability, volume }) => {
  await using snapshot = await new TestSnapshot(life.host, `${life.name}-snapshot`, volume).create()
  await checkCopy(life, capability, snapshot.asSource)
}

const ext4 = mountCapability('ext4')
const xfs = mountCapability('xfs')
const btrfs = mountCapability('btrfs')
const block = blockCapability()

/** The kinds of lives, which are lived in turn, in each of the pools. */
const kinds: Readonly<Record<string, (life: Life) => Promise<void>>> = {
  ext4: live(ext4, nothing),
  'ext4, restored': live(ext4, restore),
  'xfs, expanded': live(xfs, expand),
  'ext4, modified': live(ext4, modify),
  block: live(block, nothing),
  'ext4, cloned': live(ext4, clone),
  'ext4, ephemeral': ephemeral,
  'block, expanded': live(block, expand),
  'xfs, cloned': live(xfs, clone),
  'block, restored': live(block, restore),
  'btrfs, restored': live(btrfs, restore),
}

/** A plain pool, and one whose file system shares blocks. */
const pools = ['default', 'instant']

/** So many lives that follow each other are one of each kind, in each pool. */
export const DIFFERENT_LIVES = Object.keys(kinds).length * pools.length

/** @param number identifies it, and must be unique */
export async function liveOne(host: TestHost, number: number): Promise<void> {
  const all = Object.entries(kinds)
  const [kind, live] = at(all, number % all.length)
  const pool = at(pools, Math.floor(number / all.length) % pools.length)
  try {
    await live({ host, name: `life-${number}`, pool })
  } catch (error) {
    throw new Error(`life ${number} (${kind}; pool ${pool}): ${explain(error)}`, { cause: error })
  }
}

function live(capability: VolumeCapabilityInit, event: Event): (life: Life) => Promise<void> {
  return async (life) => {
    await using volume = await makeVolume(life, life.name, capability).create()
    await use(volume, async (target) => {
      await writeContent(contentPath(target, capability), life.name)
      await life.host.client.node.nodeGetVolumeStats({ volumeId: volume.id, volumePath: target })
      await event({ life, capability, volume, target })
    })
    // It was unstaged, so this is read from the disk.
    await use(volume, (target) => checkContent(contentPath(target, capability), life.name))
  }
}

/** A volume that its pod declares inline. */
async function ephemeral({ host, name, pool }: Life): Promise<void> {
  const attributes = { size: '64Mi', pool }
  await using volume = await new PodVolume(host, name, { attributes }).publish()
  const path = contentPath(volume.target, ext4)
  await writeContent(path, name)
  await checkContent(path, name)
}

/** Makes a volume of something that has the content of this life. */
async function checkCopy(
  life: Life,
  capability: VolumeCapabilityInit,
  source: VolumeContentSourceInit,
): Promise<void> {
  await using copy = await makeVolume(life, `${life.name}-copy`, capability, source).create()
  await use(copy, (target) => checkContent(contentPath(target, capability), life.name))
}

function makeVolume(
  { host, pool }: Life,
  name: string,
  capability: VolumeCapabilityInit,
  source?: VolumeContentSourceInit,
): TestVolume {
  const wishes = { capability, bytes: BYTES, parameters: { pool } }
  return new TestVolume(host, name, source ? { ...wishes, source } : wishes)
}

async function use(volume: TestVolume, action: (target: string) => Promise<void>): Promise<void> {
  await volume.stage()
  await action(await volume.publish())
  await volume.unpublish()
  await volume.unstage()
}

/** A device has its content itself. */
function contentPath(target: string, { accessType }: VolumeCapabilityInit): string {
  return accessType === 'block' ? target : join(target, 'content')
}
