import { open, readdir, readFile, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { nodeHash } from '../../src/volumes/model/ids.ts'
import { setTimeout } from 'node:timers/promises'
import { tool } from '../tool.ts'

/** What a driver with this directory has left on the machine, beside other users of the machine. */
export interface Leftovers {
  /** `/dev/loop3 /tmp/x/disk.img`: bound to a file in the directory, or on top of a device that is. */
  readonly devices: readonly string[]
  /** `/tmp/x/staging /dev/loop3`: mounts in the directory, and of its devices anywhere. */
  readonly mounts: readonly string[]
  /** Command lines that name the directory or one of its devices. */
  readonly processes: readonly string[]
}

/** How long a disk is unmounted in the usual way, which shows that nothing of it is in use any more. */
const DISK_LIMIT_MS = 30_000

export const nothing: Leftovers = { devices: [], mounts: [], processes: [] }

export async function leftovers(directory: string): Promise<Leftovers> {
  const { devices, mounts, processes } = await find(directory)
  return {
    devices: [...devices].map(([device, file]) => `${device} ${file}`),
    mounts: mounts.map(({ target, source }) => `${target} ${source}`),
    processes: [...processes.values()],
  }
}

/**
 * A device counts that is there before and after the search: the number of one that goes can be another
 * test's at once.
 */
async function find(directory: string) {
  const before = await devicesOf(directory)
  const [allMounts, allProcesses] = [await mountTable(), await processTable()]
  const after = [...(await devicesOf(directory))]
  const devices = new Map(after.filter(([device]) => before.has(device)))
  return {
    devices,
    mounts: allMounts.filter(isOf(directory, devices)),
    processes: naming([directory, ...devices.keys()], allProcesses),
  }
}

/**
 * Waits until the kernel has detached the devices after their last unmount. A mount namespace that somebody
 * makes at this moment has copies of all mounts, and keeps them for a while.
 */
export async function autocleared(directory: string): Promise<void> {
  for (let attempts = 100; attempts > 0 && (await isClearing(directory)); attempts--) await setTimeout(50)
}

async function isClearing(directory: string): Promise<boolean> {
  const devices = await devicesOf(directory)
  const mounted = new Set((await mountsOf(directory, devices)).map(({ source }) => source))
  const idle = [...devices.keys()].filter((device) => !mounted.has(device))
  const flags = idle.map((device) =>
    readFile(`/sys/block/${basename(device)}/loop/autoclear`, 'utf8').catch(() => '0'),
  )
  return (await Promise.all(flags)).some((flag) => flag.trim() === '1')
}

/** Removes all of it, and the directory. It never fails for what no longer exists. */
export async function removeAll(directory: string): Promise<void> {
  const { devices, mounts, processes } = await find(directory)
  for (const pid of processes.keys()) kill(pid)
  for (const { target } of mounts.reverse()) {
    // Without the mount of its file, the path by which a device is known no longer exists.
    await detachAll(devices, directory, target)
    await takeAway(target).catch(ignore)
  }
  // Only now: a target that shows the node of a device would show another test's as soon as that has the
  // number.
  await detachAll(devices, directory, directory)
  await unmountDisk(directory)
  await rm(directory, { recursive: true, force: true })
}

/** Unmounts even a mount in use. One that is frozen would stay, with all who wait for it, for ever. */
async function takeAway(target: string): Promise<void> {
  await tool('fsfreeze', '--unfreeze', target).catch(ignore)
  await tool('umount', '--lazy', target)
}

/** Those of files below a path. A device on top of another comes first. */
async function detachAll(
  devices: ReadonlyMap<string, string>,
  directory: string,
  path: string,
): Promise<void> {
  for (const [device, behind] of [...devices].reverse()) {
    const file = devices.get(behind) ?? behind
    if (file.startsWith(`${path}/`) || path === directory) await detach(device, directory).catch(ignore)
  }
}

/**
 * While it is open a device keeps its file; only then is it certain that it is not another test's. One that
 * is mounted goes with its mount.
 */
async function detach(device: string, directory: string): Promise<void> {
  await using _ = await open(device, 'r')
  if ((await devicesOf(directory)).has(device)) await tool('losetup', '--detach', device)
}

/**
 * The disk of its own that the directory may lie on. It is busy as long as the kernel is still detaching
 * devices, and while another program looks through all files of the machine.
 */
async function unmountDisk(directory: string): Promise<void> {
  const end = performance.now() + DISK_LIMIT_MS
  while (await isMountPoint(directory)) {
    const how = performance.now() < end ? [] : ['--lazy']
    await tool('umount', ...how, directory).catch(() => setTimeout(20))
  }
}

function isMountPoint(directory: string): Promise<boolean> {
  return tool('mountpoint', '--quiet', directory).then(
    () => true,
    () => false,
  )
}

/**
 * What is behind each device, by the device's path: first those of the directory's files, then those on top
 * of them. Of the latter only the last part of the name counts: the /dev that it was in may be gone with its
 * namespace. Where the mount of a pool is gone with its namespace, the path of a volume's image begins in the
 * pool, but has the volume's id.
 */
export async function devicesOf(directory: string): Promise<Map<string, string>> {
  const bound = await boundDevices()
  const volumes = `/volumes/${nodeHash(basename(directory))}-`
  const devices = new Map(
    bound.filter(([, file]) => file.startsWith(`${directory}/`) || file.startsWith(volumes)),
  )
  for (const [device, file] of bound) {
    const below = `/dev/${/^\/(?:dev\/)?(loop\d+)$/.exec(file)?.[1]}`
    if (devices.has(below)) devices.set(device, below)
  }
  return devices
}

async function boundDevices(): Promise<[device: string, file: string][]> {
  const names = (await readdir('/sys/block')).filter((name) => name.startsWith('loop'))
  const files = await Promise.all(
    names.map((name) => readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => undefined)),
  )
  return names.flatMap((name, index) => {
    const file = files[index]
    return file === undefined ? [] : [[`/dev/${name}`, file.trimEnd()]]
  })
}

export interface Mount {
  readonly target: string
  readonly source: string
}

/** Mounts in the directory, and of its devices anywhere. */
export async function mountsOf(directory: string, devices: ReadonlyMap<string, string>): Promise<Mount[]> {
  return (await mountTable()).filter(isOf(directory, devices))
}

function isOf(directory: string, devices: ReadonlyMap<string, string>) {
  return ({ target, source }: Mount): boolean => target.startsWith(`${directory}/`) || devices.has(source)
}

async function mountTable(): Promise<Mount[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).trim().split('\n')
  return lines.map((line) => ({
    target: unescapeOctal(line.split(' ')[4] ?? ''),
    source: line.split(' - ')[1]?.split(' ')[1] ?? '',
  }))
}

function unescapeOctal(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/** The arguments of each running process, but for this one. */
async function processTable(): Promise<Map<number, string[]>> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid)
  const found = new Map<number, string[]>()
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    found.set(pid, line.split('\0'))
  }
  return found
}

/** The command lines with one of these words in an argument. */
function naming(words: readonly string[], all: ReadonlyMap<number, string[]>): Map<number, string> {
  const isOurs = (argument: string): boolean => words.some((word) => names(argument, word))
  const ours = [...all].filter(([, line]) => line.some(isOurs))
  return new Map(ours.map(([pid, line]) => [pid, line.join(' ').trim()]))
}

/** `/dev/loop1` is not in `/dev/loop12`. */
function names(argument: string, word: string): boolean {
  const at = argument.indexOf(word)
  return at >= 0 && !/^\d/.test(argument.slice(at + word.length))
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function ignore(): undefined {
  return undefined
}
