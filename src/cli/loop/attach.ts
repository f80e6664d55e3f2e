import { basename, resolve } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { isId, isIdOfNode } from '../../volumes/model/ids.ts'
import type { DirectIo, SectorBytes } from '../../volumes/model/ports/loop-devices.ts'
import type { OpenMachine } from '../node/machine.ts'
import { explain } from '../terminal/help.ts'
import { jsonOption, nodeIdOption } from '../terminal/options.ts'

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

/** These commands end by Ctrl-C. */
const never = new AbortController().signal

/** `loop attach`. */
export function addAttach(loop: Command, machine: OpenMachine): void {
  const command = loop
    .command('attach')
    .description('Attach a file to a free loop device; a file that is attached already is refused')
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
      await using loops = await (await machine()).openLoops()
      const wanted = { ...options, name, sectorBytes: sectorSize }
      await using attachment = await loops.attach(resolve(file), wanted, never)
      const { device, directIo } = attachment
      console.log(json ? JSON.stringify({ device: device.path, directIo }) : device.path)
    })
  explain(command, { examples: ['csi-driver-loop loop attach disk.img --read-only'] })
}

/** `loop detach`. */
export function addDetach(loop: Command, machine: OpenMachine): void {
  const command = loop
    .command('detach')
    .description('Detach a loop device from its file; one that is mounted or held is refused')
    .argument('<device>', '/dev/loop<number>, or the number', deviceNumber)
    .option(
      '--force',
      'also when it belongs to a volume of another node, and not all mounts of the machine are visible',
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

export function deviceNumber(text: string): number {
  const digits = /^(?:\/dev\/loop)?(\d{1,7})$/.exec(text)?.[1]
  if (digits !== undefined) return Number(digits)
  throw new InvalidArgumentError('It must be /dev/loop<number>, or the number.')
}
