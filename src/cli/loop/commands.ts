import type { Command } from 'commander'
import { formatBytes } from '../../volumes/model/bytes.ts'
import { hasErrno } from '../../volumes/model/errors.ts'
import { printsTable } from '../node/commands.ts'
import type { OpenMachine } from '../node/machine.ts'
import { explain } from '../terminal/help.ts'
import { jsonOption } from '../terminal/options.ts'
import type { Column } from '../terminal/text.ts'
import { addAttach, addDetach, deviceNumber } from './attach.ts'

interface Output {
  readonly json?: boolean
}

/** `csi-driver-loop loop …`: the kernel's loop-control interface. */
export function addLoopCommands(program: Command, machine: OpenMachine): void {
  const loop = program.command('loop').description("Work with the machine's loop devices (needs root)")
  addAdd(loop, machine)
  addRemove(loop, machine)
  addGetFree(loop, machine)
  addList(loop, machine)
  addAttach(loop, machine)
  addDetach(loop, machine)
}

function addAdd(loop: Command, machine: OpenMachine): void {
  const command = loop
    .command('add')
    .description('Add a free loop device: the one of this number, or any')
    .argument('[number]', 'as in /dev/loop<number>', deviceNumber)
    .addOption(jsonOption())
    .action(async (number: number | undefined, { json }: Output) => {
      await using loops = await (await machine()).openLoops()
      const device = await explained(loops.add(number), {
        EEXIST: `/dev/loop${number ?? 'N'} exists already`,
      })
      console.log(json ? JSON.stringify({ device }) : device)
    })
  explain(command, { examples: ['csi-driver-loop loop add 42'] })
}

function addRemove(loop: Command, machine: OpenMachine): void {
  const command = loop
    .command('remove')
    .description('Remove a free loop device')
    .argument('<device>', '/dev/loop<number>, or the number', deviceNumber)
    .addOption(jsonOption())
    .action(async (number: number, { json }: Output) => {
      await using loops = await (await machine()).openLoops()
      await explained(loops.remove(number), {
        EBUSY: `/dev/loop${number} is attached to a file or open; detach it first`,
        ENODEV: `there is no /dev/loop${number}`,
      })
      if (json) console.log(JSON.stringify({ removed: `/dev/loop${number}` }))
    })
  explain(command, { examples: ['csi-driver-loop loop remove 42'] })
}

function addGetFree(loop: Command, machine: OpenMachine): void {
  const command = loop
    .command('get-free')
    .description('Print the first free loop device, added if there is none; it is not reserved')
    .addOption(jsonOption())
    .action(async ({ json }: Output) => {
      await using loops = await (await machine()).openLoops()
      const device = await loops.getFree()
      console.log(json ? JSON.stringify({ device }) : device)
    })
  explain(command, { examples: ['csi-driver-loop loop get-free'] })
}

/** Replaces the message of an errno by a sentence, with the name of the errno before it. */
async function explained<T>(result: Promise<T>, sentences: Readonly<Record<string, string>>): Promise<T> {
  try {
    return await result
  } catch (error) {
    for (const [code, sentence] of Object.entries(sentences)) {
      if (hasErrno(error, code)) throw new Error(`${code}: ${sentence}`, { cause: error })
    }
    throw error
  }
}

/** An attached loop device in the output of `--json`, which is an interface: fields keep their names. */
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
function addList(loop: Command, machine: OpenMachine): void {
  const command = loop
    .command('list')
    .alias('ls')
    .description('List the attached loop devices of the machine, of any program')
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
