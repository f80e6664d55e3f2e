import type { DeviceNodes } from '../../linux/loop/device-nodes.ts'
import { backingFile, listBound } from '../../linux/loop/inventory.ts'
import { printTable } from '../terminal/columns.ts'
import { loopColumns, type LoopView } from './columns.ts'

/** The bound devices, as a table for people or as JSON. */
export async function listLoopDevices(nodes: DeviceNodes, json: boolean): Promise<string> {
  const entries = await listBound(nodes)
  const devices = entries.map(({ state, info }): LoopView => ({
    device: state.device.path,
    sizeBytes: Number(state.sizeBytes),
    readOnly: state.readOnly,
    autoclear: state.autoclear,
    directIo: state.directIo,
    name: state.name,
    backingInode: info.backingInode.toString(),
    file: backingFile(state.device.number) ?? '',
  }))
  return json ? JSON.stringify(devices) : printTable(loopColumns, devices)
}
