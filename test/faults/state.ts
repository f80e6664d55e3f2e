import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { hasErrno } from '../../src/volumes/model/errors.ts'
import { devicesOf } from '../support/leftovers.ts'
import type { TestNode } from '../support/driver.ts'
import { eachEntry } from './tree.ts'

/**
 * All that there is of a node, one line for each thing: what the driver lists, and, by witnesses that share
 * no code with it, files, devices and mounts. A thing that is there twice has two lines.
 */
export async function stateOf(node: TestNode): Promise<string[]> {
  const devices = await devicesOf(node.path)
  const parts = await Promise.all([listed(node), files(node), attached(devices), mounted(node, devices)])
  return parts
    .flat()
    .map((line) => line.replaceAll(`${node.path}/`, ''))
    .sort()
}

async function listed({ client: { controller } }: TestNode): Promise<string[]> {
  const [volumes, snapshots] = await Promise.all([controller.listVolumes({}), controller.listSnapshots({})])
  return [
    ...volumes.entries.map(({ volume }) => `volume ${volume?.volumeId} of ${volume?.capacityBytes} bytes`),
    ...snapshots.entries.map(
      ({ snapshot }) =>
        `snapshot ${snapshot?.snapshotId} of ${snapshot?.sourceVolumeId} in group "${snapshot?.groupSnapshotId}"`,
    ),
  ]
}

/** Of a test, and not of the driver. */
const ignored = /^(steps.*|csi\.sock|config\.yaml)$/

/** What of a record is another one each time; and the image's size counts, whatever the record says. */
const varying = ['createdAt', 'cutAt', 'capacityBytes']

/** A new file system has another one each time. */
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

async function files({ path }: TestNode): Promise<string[]> {
  const lines: string[] = []
  for (const root of [path, join(path, 'data/mounts/instant')]) {
    for await (const { file, stat } of eachEntry(root)) {
      if (ignored.test(basename(file))) continue
      if (stat.isDirectory()) lines.push(`directory ${file}`)
      else if (file.endsWith('.img')) lines.push(`file ${file} of ${stat.size} bytes`)
      else if (/\/(volume|snapshot)\.json$/.test(file)) lines.push(...(await record(file)))
      else lines.push(`file ${file}`)
    }
  }
  return lines
}

/** No line for one that the driver has removed meanwhile. */
async function record(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  })
  if (text === undefined) return []
  const entries = Object.entries(JSON.parse(text.replaceAll(UUID, '<uuid>')) as object)
  const lasting = entries.filter(([key]) => !varying.includes(key))
  const values = lasting.map(([key, value]) => `${key}=${JSON.stringify(value)}`).sort()
  return [`file ${file} ${values.join(' ')}`]
}

async function attached(devices: ReadonlyMap<string, string>): Promise<string[]> {
  const lines = [...devices].map(async ([device, file]) => {
    const sys = join('/sys/block', basename(device))
    const value = async (name: string): Promise<string> => (await readFile(join(sys, name), 'utf8')).trim()
    const [size, readOnly, autoclear] = await Promise.all(['size', 'ro', 'loop/autoclear'].map(value))
    return `device on ${imageOf(file, devices)}: ${size} sectors, ro ${readOnly}, autoclear ${autoclear}`
  })
  return await Promise.all(lines)
}

/** A device's number is another one each time, so things are known by the image in the end. */
function imageOf(file: string, devices: ReadonlyMap<string, string>): string {
  const below = devices.get(file)
  return below === undefined ? file : `a device on ${imageOf(below, devices)}`
}

async function mounted({ path }: TestNode, devices: ReadonlyMap<string, string>): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).trim().split('\n')
  return lines.flatMap((line) => {
    const [, , , root = '', target = '', options = ''] = line.split(' ')
    const [type, source = ''] = line.split(' - ')[1]?.split(' ') ?? []
    if (!target.startsWith(`${path}/`) && !devices.has(source)) return []
    const node = join('/dev', basename(root))
    const what = devices.has(source) ? source : devices.has(node) ? node : source
    return [`mount of ${imageOf(what, devices)} on ${target}: ${type} ${options.split(',')[0]}`]
  })
}
