import { readdir, readFile } from 'node:fs/promises'
import { nodeHash, nodeHashOf } from '../../../src/volumes/model/ids.ts'
import { hasCapability, CAP_SYS_RESOURCE } from '../../../src/linux/process/capabilities.ts'

/**
 * The bound loop devices of this machine, with the file behind each. Loop devices are the machine's,
 * whichever kind node made them; the kernel tells the path of the file as the node had it.
 */
export async function loopDevices(): Promise<Map<string, string>> {
  const names = (await readdir('/sys/block')).filter((name) => name.startsWith('loop'))
  const files = await Promise.all(
    names.map((name) => readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => undefined)),
  )
  return new Map(
    names.flatMap((name, index) => {
      const file = files[index]?.trim()
      return file === undefined ? [] : [[`/dev/${name}`, file] as const]
    }),
  )
}

/**
 * Those of the nodes' volumes, and those on top of them (read-only block volumes, and kubelet's own). Other
 * drivers on the machine have other nodes.
 * @param nodes their names, by which their volumes are known
 */
export async function volumeDevices(nodes: readonly string[]): Promise<Map<string, string>> {
  const all = await loopDevices()
  const hashes = new Set(nodes.map(nodeHash))
  const ours = new Map(
    [...all].filter(([, file]) => {
      const id = /\/volumes\/([^/]+)\/disk\.img/.exec(file)?.[1] ?? ''
      return hashes.has(nodeHashOf(id) ?? '')
    }),
  )
  for (const [device, file] of all) {
    if (ours.has(`/dev/${/^\/(?:dev\/)?(loop\d+)/.exec(file)?.[1]}`)) ours.set(device, file)
  }
  return ours
}

/** Where some devices are mounted on this machine; a node has a mount namespace of its own. */
export async function mountPoints(devices: Iterable<string>): Promise<string[]> {
  const wanted = new Set(devices)
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  return lines
    .filter((line) => wanted.has(/ - \S+ (\S+) /.exec(line)?.[1] ?? ''))
    .map((line) => line.split(' ')[4] ?? '')
}

/**
 * The kernel lets only a holder of CAP_SYS_RESOURCE grow a mounted ext4; some machines keep it from all
 * containers.
 */
export const canGrowMountedExt4 = hasCapability(CAP_SYS_RESOURCE)
