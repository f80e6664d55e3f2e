import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { snapshotImage } from '../../volumes/inspection/pool-on-disk.ts'
import { formatBytes } from '../../volumes/model/bytes.ts'
import { VolumeError } from '../../volumes/model/errors.ts'
import type { Provisioning } from '../../volumes/model/volume.ts'
import { flush } from '../../volumes/pool/files/durable.ts'
import { copyImage } from '../../volumes/snapshots/restore.ts'
import type { NodeCommands, PoolOptions } from '../node/commands.ts'
import { inspectNode, inspectVolume, type InspectedNode } from '../node/inspect.ts'
import type { OperatorMachine } from '../node/machine.ts'
import { explain } from '../terminal/help.ts'
import { ProgressBar } from '../terminal/progress.ts'
import { abortOnInterruption } from '../terminal/signals.ts'
import { findSnapshot, findVolume, inUse, requireUnused, WHICH_VOLUME } from './find.ts'
import { IMAGE_IS_LOCKED } from './image-file.ts'

/** `volume export`. */
export function addExport({ add, machine }: NodeCommands): void {
  const command = add('export', 'Write a snapshot, or a volume that is not in use, to a raw image')
    .argument('<volume or snapshot>', `${WHICH_VOLUME}; id or name of the snapshot`)
    .requiredOption('--output <file>', 'a new file, written sparse; - for standard output')
    .action(async (reference: string, { output, ...options }: PoolOptions & { readonly output: string }) => {
      await exportImage(await machine(), reference, output, options)
    })
  explain(command, {
    notes: ['A volume that is in use is refused: create a snapshot of it, and export that.', IMAGE_IS_LOCKED],
    examples: [
      'csi-driver-loop volume export default/db --output db.img',
      'csi-driver-loop volume export default/db --output - | zstd >db.img.zst',
    ],
  })
}

const ADVICE = 'make a snapshot of it and export that, or end its pods first'

/** Enough for sequential reads of a disk, and for a pipe to be filled while the next piece is read. */
const PIECE_BYTES = 1 << 20

/** An image that does not change until this is disposed of. */
interface Source extends AsyncDisposable {
  readonly image: string
  readonly provisioning: Provisioning
}

/** @param output the path of a new file, or `-` for standard output */
async function exportImage(
  machine: OperatorMachine,
  reference: string,
  output: string,
  options: PoolOptions,
): Promise<void> {
  const signal = abortOnInterruption()
  if (output === '-' && process.stdout.isTTY)
    throw new Error('standard output is a terminal; give --output <file>, or redirect it')
  await using source = await openSource(await inspectNode(machine, options), reference)
  const { image, provisioning } = source
  using progress = new ProgressBar(`export ${reference}`)
  const { logical } = await machine.files.size(image)
  if (output === '-') await writeOut(image, logical, progress, signal)
  else {
    const file = resolve(output)
    await copyImage(machine.copier, image, file, provisioning, progress.update, signal)
    await flush(file)
  }
  progress[Symbol.dispose]()
  console.error(
    `${reference}: ${formatBytes(logical)} written to ${output === '-' ? 'standard output' : output}`,
  )
}

/** A snapshot never changes. The image of a volume is locked, so the driver neither stages nor deletes it. */
async function openSource(node: InspectedNode, reference: string): Promise<Source> {
  try {
    const { pool, record } = findSnapshot(node, reference)
    const image = snapshotImage(pool, record.id)
    return { image, provisioning: 'thin', [Symbol.asyncDispose]: () => Promise.resolve() }
  } catch (error) {
    if (!(error instanceof VolumeError) || error.kind !== 'not-found') throw error
  }
  const { pool, record } = findVolume(node, reference)
  const volume = await inspectVolume(pool, record, node)
  requireUnused(volume, ADVICE)
  const lock = await node.files.lock(volume.image)
  if (!lock) throw inUse(record.id, 'another process has its image locked', ADVICE)
  return {
    image: volume.image,
    provisioning: record.provisioning,
    [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
  }
}

/** Writes the whole image to standard output: holes become zeros, because a pipe has no holes. */
async function writeOut(
  image: string,
  totalBytes: bigint,
  progress: ProgressBar,
  signal: AbortSignal,
): Promise<void> {
  let copiedBytes = 0n
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      copiedBytes += BigInt(chunk.length)
      progress.update({ copiedBytes, totalBytes })
      done(null, chunk)
    },
  })
  const bytes = createReadStream(image, { highWaterMark: PIECE_BYTES })
  await pipeline(bytes, count, process.stdout, { signal })
}
