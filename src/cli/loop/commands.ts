import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { never } from '../../volumes/concurrency/deadlines.ts'
import { formatBytes } from '../../volumes/model/bytes.ts'
import { hasErrno, VolumeError } from '../../volumes/model/errors.ts'
import { isId, isIdOfNode } from '../../volumes/model/ids.ts'
import type { DirectIo, SectorBytes } from '../../volumes/model/ports/loop-devices.ts'
import { printsTable } from '../node/commands.ts'
import type { OpenMachine, OperatorMachine } from '../node/machine.ts'
import { explain } from '../terminal/help.ts'
import { jsonOption, nodeIdOption } from '../terminal/options.ts'
import type { Column } from '../terminal/text.ts'

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
    .description('Add a free loop device with this number, or the next free one')
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

/** Replaces the message of an error with a known errno by the name of the errno and a sentence. */
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

function addList(loop: Command, machine: OpenMachine): void {
  const command = loop
    .command('list')
    .alias('ls')
    .description('List the attached loop devices of the machine, of any program')
  printsTable(command, columns, async () => {
    const devices = await (await machine()).listDevices({ makeNodes: true })
    const rows = devices.all().map(({ backingFile, backingInode, device, sizeBytes, ...state }): LoopView => {
      const { autoclear, directIo, name, readOnly } = state
      return {
        device: device.path,
        sizeBytes: Number(sizeBytes),
        ...{ readOnly, autoclear, directIo, name },
        backingInode: `${backingInode}`,
        file: backingFile ?? '',
      }
    })
    return { rows, missing: [] }
  })
  explain(command, { examples: ['csi-driver-loop loop list --json'] })
}

function flagsOf({ autoclear, directIo, readOnly }: LoopView): string {
  return [readOnly ? 'ro' : 'rw', autoclear && 'autoclear', directIo && 'direct'].filter(Boolean).join(',')
}

interface AttachOptions {
  readonly json?: boolean
  readonly readOnly: boolean
  readonly autoclear: boolean
  readonly directIo: DirectIo
  readonly sectorSize: SectorBytes
  readonly name?: string
}

interface DetachOptions {
  readonly json?: boolean
  readonly force: boolean
  readonly nodeId: string
}

function addAttach(loop: Command, machine: OpenMachine): void {
  const command = loop
    .command('attach')
    .description('Attach a file to a free loop device; fails if the file is attached already')
    .argument('<file>')
    .option('--read-only', 'attach it read-only', false)
    .option('--autoclear', 'let the kernel detach it after its last use', false)
    .addOption(
      new Option('--direct-io <mode>', 'bypass the page cache')
        .choices(['auto', 'on', 'off'])
        .default('auto'),
    )
    .option('--sector-size <bytes>', 'sector size of the device, 512 or 4096', sectorBytes, 512)
    .option('--name <name>', 'name in losetup --list, at most 63 bytes (default: that of the file)')
    .addOption(jsonOption())
    .action(async (file: string, { json, name = basename(file), sectorSize, ...options }: AttachOptions) => {
      const opened = await machine()
      await using loops = await opened.openLoops()
      const wanted = { ...options, name, sectorBytes: sectorSize }
      await requireUnattached(resolve(file), opened)
      // Never aborted: Ctrl-C kills the process.
      await using attachment = await loops.attach(resolve(file), wanted, never)
      const { device, directIo } = attachment
      console.log(json ? JSON.stringify({ device: device.path, directIo }) : device.path)
    })
  explain(command, { examples: ['csi-driver-loop loop attach disk.img --read-only'] })
}

/**
 * losetup(8) takes no lock on a file, so `attach` does not notice its devices. A device may have several on
 * top.
 * @throws VolumeError failed-precondition
 */
async function requireUnattached(file: string, machine: OperatorMachine): Promise<void> {
  if (!(await stat(file)).isFile()) return
  const [attached] = await (await machine.listDevices({ makeNodes: true })).of(file)
  if (!attached) return
  throw new VolumeError('failed-precondition', `${file} is attached to ${attached.device.path} already`)
}

function addDetach(loop: Command, machine: OpenMachine): void {
  const command = loop
    .command('detach')
    .description('Detach a loop device from its file; fails if the device is in use')
    .argument('<device>', '/dev/loop<number>, or the number', deviceNumber)
    .option(
      '--force',
      "detach a device of another node's volume although not all mounts of the machine are visible",
      false,
    )
    .addOption(nodeIdOption())
    .addOption(jsonOption())
    .action(async (number: number, { json, force, nodeId }: DetachOptions) => {
      await using loops = await (await machine()).openLoops()
      const isHere = (name: string): boolean => force || !isId(name) || isIdOfNode(name, nodeId)
      await loops.detachDevice(number, never, isHere)
      if (json) console.log(JSON.stringify({ detached: `/dev/loop${number}` }))
    })
  explain(command, { examples: ['csi-driver-loop loop detach /dev/loop3'] })
}

function sectorBytes(text: string): SectorBytes {
  if (text === '512') return 512
  if (text === '4096') return 4096
  throw new InvalidArgumentError('It must be 512 or 4096.')
}

function deviceNumber(text: string): number {
  const digits = /^(?:\/dev\/loop)?(\d{1,7})$/.exec(text)?.[1]
  if (digits !== undefined) return Number(digits)
  throw new InvalidArgumentError('It must be /dev/loop<number>, or the number.')
}
