import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { LoopControl } from '../../linux/loop/control.ts'
import { DeviceNodes } from '../../linux/loop/device-nodes.ts'
import { LinuxLoopDevices } from '../../linux/loop/loop-devices.ts'
import { hasErrno } from '../../volumes/model/errors.ts'
import { isId, isIdOfNode } from '../../volumes/model/ids.ts'
import type { DirectIo, SectorBytes } from '../../volumes/model/ports.ts'
import { explain } from '../terminal/help.ts'
import { listLoopDevices } from './list.ts'
import { nodeIdOption } from '../terminal/options.ts'

interface Output {
  readonly json?: true
}

interface AttachOptions extends Output {
  readonly readOnly: boolean
  readonly autoclear: boolean
  readonly directIo: DirectIo
  readonly sectorSize: SectorBytes
  readonly name?: string
}

interface DetachOptions extends Output {
  readonly force: boolean
  readonly nodeId: string
}

/** `csi-driver-loop loop …`: the kernel's loop-control interface for people. */
export function addLoopCommands(program: Command): void {
  const loop = program.command('loop').description("Work with the machine's loop devices (needs root)")
  const json = (): Option => new Option('--json', 'print JSON')
  const nodes = new DeviceNodes()

  loop
    .command('add')
    .description('Make a loop device, unbound: the one of this number, or any')
    .argument('[number]', 'as in /dev/loop<number>', deviceNumber)
    .addOption(json())
    .action(async (number: number | undefined, { json }: Output) => {
      await using control = await LoopControl.open(nodes)
      const added = await explained(control.add(number), {
        EEXIST: `/dev/loop${number ?? 'N'} exists already`,
      })
      const device = await nodes.loop(added)
      console.log(json ? JSON.stringify({ device }) : device)
    })

  loop
    .command('remove')
    .description('Remove an unbound loop device')
    .argument('<device>', '/dev/loop<number>, or the number', deviceNumber)
    .addOption(json())
    .action(async (number: number, { json }: Output) => {
      await using control = await LoopControl.open(nodes)
      await explained(control.remove(number), {
        EBUSY: `/dev/loop${number} is bound to a file or open; detach it first`,
        ENODEV: `there is no /dev/loop${number}`,
      })
      if (json) console.log(JSON.stringify({ removed: `/dev/loop${number}` }))
    })

  loop
    .command('get-free')
    .description('Print the first unbound loop device, made when there is none; nothing reserves it')
    .addOption(json())
    .action(async ({ json }: Output) => {
      await using control = await LoopControl.open(nodes)
      const device = await nodes.loop(await control.getFree())
      console.log(json ? JSON.stringify({ device }) : device)
    })

  loop
    .command('list')
    .alias('ls')
    .description('List the bound loop devices of the machine, whoever bound them')
    .addOption(json())
    .action(async ({ json }: Output) => {
      console.log(await listLoopDevices(nodes, json ?? false))
    })

  loop
    .command('attach')
    .description('Attach a file to a free loop device; a file that is attached already is refused')
    .argument('<file>')
    .option('--read-only', 'attach for reading', false)
    .option('--autoclear', 'let the kernel detach it when its last user is gone', false)
    .addOption(
      new Option('--direct-io <mode>', 'past the page cache').choices(['auto', 'on', 'off']).default('auto'),
    )
    .option('--sector-size <bytes>', 'of the device, 512 or 4096', sectorBytes, 512)
    .option('--name <name>', 'shown by losetup, at most 63 bytes (default: the name of the file)')
    .addOption(json())
    .action(async (file: string, { json, name = basename(file), sectorSize, ...options }: AttachOptions) => {
      await using control = await LoopControl.open(nodes)
      const loops = new LinuxLoopDevices(control, nodes)
      await using attachment = await loops.attach(
        resolve(file),
        { ...options, name, sectorBytes: sectorSize },
        never,
      )
      const { device, directIo } = attachment
      console.log(json ? JSON.stringify({ device: device.path, directIo }) : device.path)
    })

  loop
    .command('detach')
    .description('Detach a loop device from its file; one that is mounted or held is refused')
    .argument('<device>', '/dev/loop<number>, or the number', deviceNumber)
    .option(
      '--force',
      'also when it belongs to a volume of another node, and not all mounts of the machine can be seen',
      false,
    )
    .addOption(nodeIdOption())
    .addOption(json())
    .action(async (number: number, { json, force, nodeId }: DetachOptions) => {
      await using control = await LoopControl.open(nodes)
      const isHere = (name: string): boolean => force || !isId(name) || isIdOfNode(name, nodeId)
      await new LinuxLoopDevices(control, nodes).detachDevice(number, never, isHere)
      if (json) console.log(JSON.stringify({ detached: `/dev/loop${number}` }))
    })

  for (const command of loop.commands) {
    const words = ['csi-driver-loop loop', command.name(), exampleArguments[command.name()]]
    explain(command, { examples: [words.filter((word) => word !== undefined).join(' ')] })
  }
}

/** By command; the others have none. */
const exampleArguments: Readonly<Record<string, string>> = {
  add: '42',
  remove: '42',
  list: '--json',
  attach: 'disk.img --read-only',
  detach: '/dev/loop3',
}

/** A person who waits presses Ctrl-C. */
const never = new AbortController().signal

function deviceNumber(text: string): number {
  const digits = /^(?:\/dev\/loop)?(\d{1,7})$/.exec(text)?.[1]
  if (digits !== undefined) return Number(digits)
  throw new InvalidArgumentError('It must be /dev/loop<number>, or the number.')
}

function sectorBytes(text: string): SectorBytes {
  if (text === '512') return 512
  if (text === '4096') return 4096
  throw new InvalidArgumentError('It must be 512 or 4096.')
}

/** Puts the kernel's short answer into a sentence, with its name in front. */
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
