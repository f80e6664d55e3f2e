import { InvalidArgumentError, Option, type Command } from 'commander'
import { parseBytes } from '../../volumes/model/bytes.ts'
import { fsTypes } from '../../volumes/model/ports.ts'
import { explain } from '../terminal/help.ts'
import { driverEndpointOption, jsonOption } from '../terminal/options.ts'
import type { AdoptOptions } from './adopt.ts'
import type { ImportOptions } from './import.ts'
import type { AddCommand } from './words.ts'

/** What commands say that need a driver. */
const ASKS_THE_DRIVER =
  'The running driver makes the volume (CreateVolume, by --endpoint), so its limits hold and its books are right. The image then takes the place of the blank one in one step, while that is locked: the volume is never seen half made, and a repeated command goes on after a crash.'

const CONTENT = 'what is in the image (default: found out)'

/** The commands that make a volume of an image that there is. */
export function addMakingCommands(add: AddCommand): void {
  const importing = addOptions(add('import', 'Make a volume of a raw image'))
    .argument('<file>', 'the image, which is copied; - for standard input')
    .requiredOption('--name <name>', 'of the volume, as CreateVolume has it', nonEmpty)
    .option('--size <quantity>', 'of the volume, such as 10Gi (default: that of the image)', quantity)
    .addOption(
      new Option('--provisioning <type>', 'thin takes space when written, thick all of it at once')
        .choices(['thin', 'thick'])
        .default('thin'),
    )
    .addOption(jsonOption())
  importing.action(
    async (file: string, { json, ...options }: ImportOptions & { readonly json?: boolean }) => {
      const { importImage } = await import('./import.ts')
      const { id, capacityBytes } = await importImage(file, options)
      console.log(json ? JSON.stringify({ id, capacityBytes: Number(capacityBytes) }) : id)
    },
  )
  explain(importing, {
    notes: [
      'Prints the id of the volume. Standard input needs --size, and --fs-type or --block. A file system grows to a larger --size when the volume is staged.',
      ASKS_THE_DRIVER,
    ],
    examples: [
      'csi-driver-loop volume import db.img --name db --size 10Gi',
      'zstdcat db.img.zst | csi-driver-loop volume import - --name db --size 10Gi --fs-type ext4',
    ],
  })

  const adopting = addOptions(add('adopt', 'Make an image that no node owns a volume of this one'))
    .argument(
      '<path>',
      "a volume's directory (volume.json, disk.img) of another node, or any image; it is moved",
    )
    .option('--name <name>', 'of the volume, as CreateVolume has it (default: as its record says)', nonEmpty)
    .option('--claim <namespace/name>', 'the claim it is for (default: as its record says)', claim)
    .option('--storage-class <name>', 'of the PersistentVolume and the claim', '')
  adopting.action(async (path: string, options: AdoptOptions) => {
    const { adoptVolume } = await import('./adopt.ts')
    process.stdout.write(await adoptVolume(path, options))
  })
  explain(adopting, {
    notes: [
      'Prints the PersistentVolume and the claim that bind the volume, for kubectl apply. What is attached, locked, or in the pool of another driver that runs is refused.',
      ASKS_THE_DRIVER,
    ],
    examples: [
      'csi-driver-loop volume adopt /mnt/old/pools/default/volumes/<id> | kubectl apply --filename -',
      'csi-driver-loop volume adopt db.img --name db --claim shop/db',
    ],
  })
}

function addOptions(command: Command): Command {
  return command
    .addOption(driverEndpointOption().makeOptionMandatory())
    .option('--pool <name>', 'where the volume is to be', 'default')
    .addOption(new Option('--fs-type <type>', CONTENT).choices(fsTypes))
    .addOption(
      new Option('--block', 'make it a raw block volume, whatever is in the image').conflicts('fsType'),
    )
}

function nonEmpty(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('It must not be empty.')
}

function quantity(text: string): bigint {
  const bytes = parseBytes(text)
  if (bytes !== undefined && bytes > 0n) return bytes
  throw new InvalidArgumentError('It must be a quantity such as 10Gi.')
}

function claim(text: string): AdoptOptions['claim'] & object {
  const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(text) ?? []
  if (namespace !== undefined && name !== undefined) return { namespace, name }
  throw new InvalidArgumentError('It must be namespace/name.')
}
