import { readFile, statfs } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { findMount, mountIdAt } from '../../../src/linux/mountinfo/find-mount.ts'
import type { Kind } from './kinds.ts'
import type { Place } from './place.ts'

/** Of a loop device, in sysfs. */
const ATTRIBUTES = ['size', 'ro', 'loop/dio', 'queue/logical_block_size', 'queue/discard_max_bytes']

/**
 * A comparison of two volumes says something about the driver only when they are made alike.
 * @throws Error that names what differs
 */
export async function requireAlike(kind: Kind, ours: Place, losetup: Place): Promise<void> {
  const [here, there] = [await featuresOf(kind, ours.path), await featuresOf(kind, losetup.path)]
  const differing = Object.keys(here).filter((name) => here[name] !== there[name])
  if (differing.length === 0) return
  const list = differing.map((name) => `${name} ${here[name]} here, ${there[name]} there`)
  throw new Error(`the volume and the plain loop device differ (${kind}): ${list.join('; ')}`)
}

async function featuresOf(kind: Kind, path: string): Promise<Record<string, string | number>> {
  const mount = await findMount(path, mountIdAt)
  if (!mount) throw new Error(`nothing is mounted at ${path}`)
  // A device is shown by a bind mount of its node, which is the root of that mount.
  if (kind === 'block') return attributesOf(basename(mount.root))
  const { type, bsize, blocks, files } = await statfs(path)
  const device = await attributesOf(basename(mount.source))
  return { ...device, options: mount.options.join(), type, bsize, blocks, files }
}

async function attributesOf(device: string): Promise<Record<string, string>> {
  const values = ATTRIBUTES.map(
    async (name) => [name, (await readFile(join('/sys/block', device, name), 'utf8')).trim()] as const,
  )
  return Object.fromEntries(await Promise.all(values))
}
