import { createReadStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { resolve } from 'node:path'
import { LinuxImageCopier } from '../../linux/images/image-copier.ts'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { formatBytes } from '../../volumes/model/bytes.ts'
import { copyImage } from '../../volumes/machine/copy-image.ts'
import { VolumeError } from '../../volumes/model/errors.ts'
import { snapshotImage } from '../../volumes/inspection/pool-usage.ts'
import { flush } from '../../volumes/pool/files/durable.ts'
import type { Provisioning } from '../../volumes/model/volume.ts'
import { abortOnInterruption } from '../terminal/interruption.ts'
import { ProgressBar } from '../terminal/progress.ts'
import { takeSurvey, volumeOf, type PoolOptions, type Survey } from '../node/survey.ts'
import { findSnapshot, findVolume } from './find.ts'
import { inUse, requireUnused } from './use.ts'

/** Large enough for the disk, and for a pipe to be filled while the next piece is read. */
const PIECE_BYTES = 1 << 20

const ADVICE = 'make a snapshot of it and export that, or end its pods first'

/** What is exported, which nobody changes until it is disposed of. */
interface Source extends AsyncDisposable {
  readonly image: string
  readonly provisioning: Provisioning
}

/**
 * Writes the image of a snapshot, or of a volume that nobody uses, to a new sparse file, or to standard
 * output.
 * @param output a path, or `-`
 */
export async function exportImage(reference: string, output: string, options: PoolOptions): Promise<void> {
  const signal = abortOnInterruption()
  if (output === '-' && process.stdout.isTTY)
    throw new Error('standard output is a terminal; give --output <file>, or redirect it')
  await using source = await open(await takeSurvey(options), reference)
  using progress = new ProgressBar(`export ${reference}`)
  const { logical } = await new LinuxImageFiles().size(source.image)
  if (output === '-') await writeOut(source.image, logical, progress, signal)
  else await writeFile(source, resolve(output), progress, signal)
  progress[Symbol.dispose]()
  console.error(
    `${reference}: ${formatBytes(logical)} written to ${output === '-' ? 'standard output' : output}`,
  )
}

/**
 * A snapshot never changes. A volume's image is locked as by a device, so that nobody stages or deletes it
 * meanwhile.
 */
async function open(survey: Survey, reference: string): Promise<Source> {
  try {
    const { pool, record } = findSnapshot(survey, reference)
    const image = snapshotImage(pool, record.id)
    return { image, provisioning: 'thin', [Symbol.asyncDispose]: () => Promise.resolve() }
  } catch (error) {
    if (!(error instanceof VolumeError) || error.kind !== 'not-found') throw error
  }
  const { pool, record } = findVolume(survey, reference)
  const volume = await volumeOf(pool, record, survey)
  requireUnused(volume, ADVICE)
  const lock = await new LinuxImageFiles().lock(volume.image)
  if (!lock) throw inUse(record.id, 'another process has its image locked', ADVICE)
  return {
    image: volume.image,
    provisioning: record.provisioning,
    [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
  }
}

async function writeFile(
  { image, provisioning }: Source,
  output: string,
  progress: ProgressBar,
  signal: AbortSignal,
): Promise<void> {
  await copyImage(new LinuxImageCopier(), image, output, provisioning, progress.update, signal)
  await flush(output)
}

/** All of it, with zeros for the holes: a pipe has none. */
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
