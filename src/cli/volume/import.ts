import { open, realpath } from 'node:fs/promises'
import { addAbortSignal } from 'node:stream'
import { InvalidArgumentError, Option } from 'commander'
import { writeSparse } from '../../linux/images/write-sparse.ts'
import { defaultAttributes, parameterTable } from '../../volumes/model/attributes.ts'
import { formatBytes, parseBytes } from '../../volumes/model/bytes.ts'
import type { CopyProgress } from '../../volumes/model/ports/image-copier.ts'
import type { Provisioning } from '../../volumes/model/volume.ts'
import { copyImage } from '../../volumes/snapshots/restore.ts'
import type { NodeCommands, PoolOptions } from '../node/commands.ts'
import { inspectNode, type InspectedNode } from '../node/inspect.ts'
import type { OperatorMachine } from '../node/machine.ts'
import { explain } from '../terminal/help.ts'
import { jsonOption, nonEmpty } from '../terminal/options.ts'
import { ProgressBar } from '../terminal/progress.ts'
import { abortOnInterruption } from '../terminal/signals.ts'
import { addCreateOptions, createWithImage, DRIVER_CREATES, putCopy, type NewVolume } from './create.ts'
import { contentFrom, contentOf, lockFile, type ContentOptions } from './image-file.ts'

interface ImportOptions extends PoolOptions, ContentOptions {
  readonly endpoint: string
  readonly name: string
  readonly size?: bigint
  readonly pool: string
  readonly provisioning: Provisioning
}

/** `volume import`. */
export function addImport({ add, machine }: NodeCommands): void {
  const command = addCreateOptions(add('import', 'Create a volume from a raw image'))
    .argument('<file>', 'the image, which is copied; - for standard input')
    .requiredOption('--name <name>', 'name of the volume, as in CreateVolume', nonEmpty)
    .option('--size <quantity>', 'size of the volume, such as 10Gi (default: that of the image)', quantity)
    .addOption(
      new Option('--provisioning <type>', 'thin allocates blocks when they are written, thick all at once')
        .choices(parameterTable.provisioning.values)
        .default(parameterTable.provisioning.default),
    )
    .addOption(jsonOption())
    .action(async (file: string, { json, ...options }: ImportOptions & { readonly json?: boolean }) => {
      const { id, capacityBytes } = await importImage(await machine(), file, options)
      console.log(json ? JSON.stringify({ id, capacityBytes: Number(capacityBytes) }) : id)
    })
  explain(command, {
    notes: [
      'Prints the id of the volume. Standard input needs --size, and --fs-type or --block. The first stage grows a file system to a larger --size.',
      DRIVER_CREATES,
    ],
    examples: [
      'csi-driver-loop volume import db.img --name db --size 10Gi',
      'zstdcat db.img.zst | csi-driver-loop volume import - --name db --size 10Gi --fs-type ext4',
    ],
  })
}

function quantity(text: string): bigint {
  const bytes = parseBytes(text)
  if (bytes !== undefined && bytes > 0n) return bytes
  throw new InvalidArgumentError('It must be a quantity such as 10Gi.')
}

/** What is imported; a file stays locked until this is disposed of. */
interface Source extends AsyncDisposable {
  readonly content: Pick<NewVolume, 'accessTypes' | 'fsType'>
  readonly capacityBytes: bigint
  /** Copies it to a new file. */
  write(path: string, onProgress: (progress: CopyProgress) => void): Promise<void>
}

async function importImage(
  machine: OperatorMachine,
  input: string,
  options: ImportOptions,
): Promise<{ id: string; capacityBytes: bigint }> {
  const signal = abortOnInterruption()
  const node = await inspectNode(machine, options)
  await using source =
    input === '-'
      ? standardInput(machine, options, signal)
      : await fileSource(machine, await realpath(input), node, options, signal)
  const { name, pool, provisioning } = options
  const { capacityBytes, content } = source
  const hasFileSystem = content.accessTypes.includes('mount')
  const volume: NewVolume = {
    ...{ name, pool, capacityBytes, ...content, isImported: hasFileSystem },
    ...{ ...defaultAttributes, provisioning, mkfsOptions: [], labels: {} },
  }
  using progress = new ProgressBar(`import ${name}`)
  const write = async (path: string): Promise<void> => {
    await source.write(path, progress.update)
    // The source may be on this machine as well: the copy needs a UUID of its own.
    if (hasFileSystem) await machine.fileSystems.renew(content.fsType, path, signal)
  }
  return await createWithImage(options.endpoint, volume, node, (place) =>
    putCopy(machine.files, place, volume, write, signal),
  )
}

async function fileSource(
  machine: OperatorMachine,
  image: string,
  node: InspectedNode,
  options: ImportOptions,
  signal: AbortSignal,
): Promise<Source> {
  await using locked = new AsyncDisposableStack()
  locked.use(await lockFile(image, node))
  const { logical } = await machine.files.size(image)
  const content = await contentOf(image, options, machine, signal)
  const { provisioning, size = logical } = options
  if (size < logical) {
    throw new Error(`--size is ${formatBytes(size)}, and ${image} has ${formatBytes(logical)}`)
  }
  const lock = locked.move()
  return {
    content,
    capacityBytes: size,
    write: (path, onProgress) => copyImage(machine.copier, image, path, provisioning, onProgress, signal),
    [Symbol.asyncDispose]: () => lock.disposeAsync(),
  }
}

function standardInput(machine: OperatorMachine, options: ImportOptions, signal: AbortSignal): Source {
  const { size } = options
  if (size === undefined) throw new Error('standard input needs --size <quantity>')
  return {
    content: contentFrom(options),
    capacityBytes: size,
    write: async (path, onProgress) => {
      await using handle = await open(path, 'wx', 0o600)
      await writeSparse({ handle, path }, addAbortSignal(signal, process.stdin), (copiedBytes) => {
        if (copiedBytes > size) throw new Error(`standard input is larger than --size, ${formatBytes(size)}`)
        onProgress({ copiedBytes, totalBytes: size })
      })
      await contentOf(path, options, machine, signal)
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
