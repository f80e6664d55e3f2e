import type { Command } from 'commander'
import { formatBytes } from '../../volumes/model/bytes.ts'
import { printsTable } from '../node/commands.ts'
import type { OpenMachine } from '../node/machine.ts'
import { explain } from '../terminal/help.ts'
import type { Column } from '../terminal/table.ts'

/** A bound loop device in the output of `--json`, which is an interface: fields keep their names. */
interface LoopView {
  readonly device: string
  readonly sizeBytes: number
  readonly readOnly: boolean
  readonly autoclear: boolean
  readonly directIo: boolean
  readonly name: string
  readonly backingInode: string
  /** The path of the backing file in the mount namespace that attached it. */
  readonly file: string
}

const columns: readonly Column<LoopView>[] = [
  { head: 'DEVICE', cell: ({ device }) => device },
  { head: 'SIZE', cell: ({ sizeBytes }) => formatBytes(BigInt(sizeBytes)), isNumber: true },
  { head: 'FLAGS', cell: flagsOf },
  { head: 'NAME', cell: ({ name }) => name },
  { head: 'FILE', cell: ({ file }) => file },
]

/** `loop list`. */
export function addList(loop: Command, machine: OpenMachine): void {
  const command = loop
    .command('list')
    .alias('ls')
    .description('List the bound loop devices of the machine, whoever bound them')
  printsTable(command, columns, async () => {
    const devices = await (await machine()).listDevices({ makeNodes: true })
    return devices.all().map(({ backingFile, backingInode, device, sizeBytes, ...state }): LoopView => {
      const { autoclear, directIo, name, readOnly } = state
      return {
        device: device.path,
        sizeBytes: Number(sizeBytes),
        ...{ readOnly, autoclear, directIo, name },
        backingInode: `${backingInode}`,
        file: backingFile ?? '',
      }
    })
  })
  explain(command, { examples: ['csi-driver-loop loop list --json'] })
}

function flagsOf({ autoclear, directIo, readOnly }: LoopView): string {
  return [readOnly ? 'ro' : 'rw', autoclear && 'autoclear', directIo && 'direct'].filter(Boolean).join(',')
}
