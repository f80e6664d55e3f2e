import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DeviceNodes } from '../src/linux/loop/device-nodes.ts'
import { listBound } from '../src/linux/loop/inventory.ts'
import { LinuxMounts } from '../src/linux/mount/mounts.ts'
import { nodeHash } from '../src/volumes/model/ids.ts'
import type { LoopState, MountEntry } from '../src/volumes/model/ports.ts'
import type { Workspace } from './workspace.ts'

/** What the machine has in use, whoever uses it. */
export interface Inventory {
  readonly devices: readonly LoopState[]
  readonly mounts: readonly MountEntry[]
}

export async function takeInventory(): Promise<Inventory> {
  const [bound, mounts] = await Promise.all([listBound(new DeviceNodes()), new LinuxMounts().list()])
  return { devices: bound.map(({ state }) => state), mounts }
}

/**
 * What is left of the demo on the machine, one line each. Others may attach and mount things meanwhile, so it
 * is the names that count: its volumes' names on devices, its directory in everything else.
 */
export async function findLeftovers(
  { directory, nodeId }: Workspace,
  { devices, mounts }: Inventory,
): Promise<string[]> {
  const ourDevices = devices.filter(({ name }) => name.startsWith(nodeHash(nodeId)))
  const ourMounts = mounts.filter(({ target }) => target.startsWith(`${directory}/`))
  return [
    ...ourDevices.map(({ device, name }) => `loop device ${device.path} (volume ${name})`),
    ...ourMounts.map(({ target }) => `mount at ${target}`),
    ...(await filesIn(directory)),
    ...(await processesAbout(directory)),
  ]
}

/** All but empty directories and the marks of the pool, which are there to stay. */
async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
  return files.filter((path) => !isMark(path)).map((path) => `file ${path}`)
}

function isMark(path: string): boolean {
  return basename(path) === 'pool.json' || basename(dirname(path)) === 'known-pools'
}

async function processesAbout(directory: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(pids.map(async (pid) => ({ pid, line: await commandLine(pid) })))
  return lines.flatMap(({ pid, line }) => (line.includes(directory) ? `process ${pid} (${line})` : []))
}

/** Empty for a process that has ended meanwhile. */
async function commandLine(pid: string): Promise<string> {
  const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return raw.replaceAll('\0', ' ').trim()
}
