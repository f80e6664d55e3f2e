import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { DeviceNodes } from '../linux/loop/device-nodes.ts'
import { listBound } from '../linux/loop/inventory.ts'
import { LinuxMounts } from '../linux/mounts.ts'
import { nodeHash } from '../volumes/ids.ts'
import type { Workspace } from './workspace.ts'

/** How many of these the machine has in use, whoever uses them. */
export interface Census {
  readonly devices: number
  readonly mounts: number
}

export async function takeCensus(): Promise<Census> {
  const [devices, mounts] = await Promise.all([listBound(new DeviceNodes()), new LinuxMounts().list()])
  return { devices: devices.length, mounts: mounts.length }
}

/**
 * What is left of the demo on the machine, one line each. Others may attach and mount things meanwhile, so it is the
 * names that count: its volumes' names on devices, its directory in everything else.
 */
export async function findLeftovers({ directory, nodeId }: Workspace): Promise<string[]> {
  const found = await Promise.all([
    devicesOf(nodeId),
    mountsBelow(directory),
    filesIn(directory),
    processesAbout(directory),
  ])
  return found.flat()
}

async function devicesOf(nodeId: string): Promise<string[]> {
  const bound = await listBound(new DeviceNodes())
  const ours = bound.filter(({ state }) => state.name.startsWith(nodeHash(nodeId)))
  return ours.map(({ state }) => `loop device ${state.device.path} (volume ${state.name})`)
}

async function mountsBelow(directory: string): Promise<string[]> {
  const mounts = await new LinuxMounts().list()
  return mounts.flatMap(({ target }) => (target.startsWith(`${directory}/`) ? `mount at ${target}` : []))
}

/** All but empty directories and the mark of the pool, which is there to stay. */
async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory() && basename(entry.name) !== 'pool.json')
  return files.map(({ parentPath, name }) => `file ${join(parentPath, name)}`)
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
