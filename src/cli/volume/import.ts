import { open, realpath } from 'node:fs/promises'
import { addAbortSignal } from 'node:stream'
import { LinuxImageCopier } from '../../linux/images/image-copier.ts'
import { writeSparse } from '../../linux/images/write-sparse.ts'
import { LinuxFileSystems } from '../../linux/filesystems/index.ts'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { formatBytes } from '../../volumes/model/bytes.ts'
import { copyImage } from '../../volumes/machine/copy-image.ts'
import type { Provisioning } from '../../volumes/model/volume.ts'
import { abortOnInterruption } from '../terminal/interruption.ts'
import { ProgressBar } from '../terminal/progress.ts'
import { takeSurvey, type PoolOptions } from '../node/survey.ts'
import { contentOf, wantedContent, type ContentWishes } from './content.ts'
import { createWithImage, type CreateWishes, type NewVolume } from './create.ts'
import { putCopy } from './put-image.ts'
import { lockFile } from './source.ts'

export interface ImportOptions extends PoolOptions, ContentWishes {
  readonly endpoint: string
  readonly name: string
  readonly size?: bigint
  readonly pool: string
  readonly provisioning: Provisioning
}

/** Makes a volume of a raw image. @param input its path, or `-` for standard input @returns what was made */
export async function importImage(
  input: string,
  options: ImportOptions,
): Promise<{ id: string; capacityBytes: bigint }> {
  return input === '-' ? await fromStandardInput(options) : await fromFile(await realpath(input), options)
}

async function fromFile(
  source: string,
  options: ImportOptions,
): Promise<{ id: string; capacityBytes: bigint }> {
  const signal = abortOnInterruption()
  const survey = await takeSurvey(options)
  await using _locked = await lockFile(source, survey)
  const { logical } = await new LinuxImageFiles().size(source)
  const content = await contentOf(source, options, signal)
  if (options.size !== undefined && options.size < logical) {
    throw new Error(`--size is ${formatBytes(options.size)}, and ${source} has ${formatBytes(logical)}`)
  }
  const volume = newVolume(options, content, options.size ?? logical)
  using progress = new ProgressBar(`import ${options.name}`)
  return await createWithImage(options.endpoint, volume, imported(volume), survey, (place) =>
    putCopy(
      place,
      volume,
      async (path) => {
        const copier = new LinuxImageCopier()
        await copyImage(copier, source, path, volume.provisioning, progress.update, signal)
        await renew(path, volume, signal)
      },
      signal,
    ),
  )
}

async function fromStandardInput(options: ImportOptions): Promise<{ id: string; capacityBytes: bigint }> {
  const signal = abortOnInterruption()
  const { size } = options
  if (size === undefined) throw new Error('say how large the volume is to be: --size <quantity>')
  const volume = newVolume(options, wantedContent(options), size)
  using progress = new ProgressBar(`import ${options.name}`)
  return await createWithImage(
    options.endpoint,
    volume,
    imported(volume),
    await takeSurvey(options),
    (place) =>
      putCopy(
        place,
        volume,
        async (path) => {
          await using handle = await open(path, 'wx', 0o600)
          await writeSparse({ handle, path }, addAbortSignal(signal, process.stdin), (copiedBytes) => {
            if (copiedBytes > size) throw new Error(`more comes than --size allows, ${formatBytes(size)}`)
            progress.update({ copiedBytes, totalBytes: size })
          })
          await contentOf(path, options, signal)
          await renew(path, volume, signal)
        },
        signal,
      ),
  )
}

function newVolume(
  { name, pool, provisioning }: ImportOptions,
  content: Pick<NewVolume, 'accessTypes' | 'fsType'>,
  capacityBytes: bigint,
): NewVolume {
  const attributes = { provisioning, directIo: 'auto', discard: 'none', mkfsOptions: [], labels: {} } as const
  return { name, pool, capacityBytes, ...content, ...attributes }
}

function imported({ accessTypes }: NewVolume): CreateWishes {
  return { isImported: accessTypes.includes('mount') }
}

/** What it was copied of may be on this machine, too. */
async function renew(image: string, { accessTypes, fsType }: NewVolume, signal: AbortSignal): Promise<void> {
  if (accessTypes.includes('mount')) await new LinuxFileSystems().renew(fsType, image, signal)
}
