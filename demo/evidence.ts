import { readdir, readFile, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { alignCells } from '../src/cli/terminal/text.ts'
import { LinuxImageFiles } from '../src/linux/images/image-files.ts'
import { DeviceNodes } from '../src/linux/loop/device-nodes.ts'
import { listAttached } from '../src/linux/loop/inventory.ts'
import type { LinuxLoopDevices } from '../src/linux/loop/loop-devices.ts'
import { LinuxMounts } from '../src/linux/mount/mounts.ts'
import { formatBytes } from '../src/volumes/model/bytes.ts'
import { nodeHash } from '../src/volumes/model/ids.ts'
import type { LoopState } from '../src/volumes/model/ports/loop-devices.ts'
import type { MountEntry } from '../src/volumes/model/ports/mounts.ts'
import type { Workspace } from './workspace.ts'

/** Reads the state of the machine from the kernel, not from the driver. */
export class Evidence {
  readonly #loops: LinuxLoopDevices
  readonly #workspace: Workspace

  constructor(loops: LinuxLoopDevices, workspace: Workspace) {
    this.#loops = loops
    this.#workspace = workspace
  }

  /** The output of `df`. */
  async df(image: string, mountPoint: string): Promise<string[]> {
    const device = await this.device(image)
    const { blocks, bfree, bavail, bsize } = await statfs(mountPoint, { bigint: true })
    const used = blocks - bfree
    const percent = `${Math.ceil((100 * Number(used)) / Number(used + bavail))}%`
    const sizes = [blocks, used, bavail].map((count) => formatBytes(count * bsize))
    const head = ['Filesystem', 'Size', 'Used', 'Avail', 'Use%', 'Mounted on']
    const row = [device.device.path, ...sizes, percent, this.#workspace.short(mountPoint)]
    return alignCells([head, row], [1, 2, 3, 4])
  }

  /** The volume's device, as in `losetup --list`. */
  async loop(image: string): Promise<string[]> {
    const { device, sizeBytes, directIo, autoclear } = await this.device(image)
    const properties = [formatBytes(sizeBytes), directIo && 'direct I/O', autoclear && 'autoclear']
    return [
      `${device.path} (${properties.filter(Boolean).join(', ')}) is attached to`,
      this.#workspace.short(image),
    ]
  }

  /** The size and the allocated size of an image. */
  async file(image: string): Promise<string> {
    const { logical, allocated } = await new LinuxImageFiles().size(image)
    return `${basename(image)}: ${formatBytes(logical)} long, of which ${formatBytes(allocated)} are allocated`
  }

  /** The device of an image. @throws Error when it has none */
  async device(image: string): Promise<LoopState> {
    const state = await this.#loops.find(image)
    if (!state) throw new Error(`${image} has no loop device`)
    return state
  }

  /** @throws Error when an image still has a device */
  async noDevice(image: string): Promise<void> {
    const state = await this.#loops.find(image)
    if (state) throw new Error(`${image} is still attached to ${state.device.path}`)
  }
}

/** @param statement what the demo prints @throws Error when it is not true */
export function expectThat(statement: string, isTrue: boolean): void {
  if (!isTrue) throw new Error(`this is not true: ${statement}`)
}

/** The loop devices and mounts of the machine, of any program. */
export interface Inventory {
  readonly devices: readonly LoopState[]
  readonly mounts: readonly MountEntry[]
}

export async function takeInventory(): Promise<Inventory> {
  const [bound, mounts] = await Promise.all([listAttached(new DeviceNodes()), new LinuxMounts().list()])
  return { devices: bound.map(({ state }) => state), mounts }
}

/**
 * Devices, mounts, files and processes of the demo that are left, one line each. Those of other programs are
 * excluded by their names: devices have a volume's id, everything else the demo's directory.
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

/** Without the records of the pool, which are never deleted. */
async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
  return files.filter((path) => !isOfPool(path)).map((path) => `file ${path}`)
}

function isOfPool(path: string): boolean {
  return ['pool.json', '.ballast'].includes(basename(path)) || basename(dirname(path)) === 'known-pools'
}

async function processesAbout(directory: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(pids.map(async (pid) => ({ pid, line: await commandLine(pid) })))
  return lines.flatMap(({ pid, line }) => (line.includes(directory) ? `process ${pid} (${line})` : []))
}

/** Empty for a process that has ended. */
async function commandLine(pid: string): Promise<string> {
  const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return raw.replaceAll('\0', ' ').trim()
}
