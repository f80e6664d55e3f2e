import type { DeviceNodes } from '../linux/loop/device-nodes.ts'
import { backingFile, listBound } from '../linux/loop/inventory.ts'
import { formatBytes } from '../volumes/bytes.ts'
import { table } from './text.ts'

/** The bound devices, as a table for people or as JSON. The file's path is the kernel's, of the namespace that attached it. */
export async function listLoopDevices(nodes: DeviceNodes, json: boolean): Promise<string> {
  const entries = await listBound(nodes)
  const devices = entries.map(({ state, info }) => ({
    device: state.device.path,
    sizeBytes: Number(state.sizeBytes),
    readOnly: state.readOnly,
    autoclear: state.autoclear,
    directIo: state.directIo,
    name: state.name,
    backingInode: info.backingInode.toString(),
    file: backingFile(state.device.number) ?? '',
  }))
  if (json) return JSON.stringify(devices)
  const rows = devices.map((entry) => [
    entry.device,
    formatBytes(BigInt(entry.sizeBytes)),
    [entry.readOnly ? 'ro' : 'rw', entry.autoclear && 'autoclear', entry.directIo && 'direct']
      .filter(Boolean)
      .join(','),
    entry.name,
    entry.file,
  ])
  return table([['DEVICE', 'SIZE', 'FLAGS', 'NAME', 'FILE'], ...rows], [1]).join('\n')
}
