import type { Verdict } from '../../linux/filesystems/descriptor.ts'
import type { VolumeOnNode } from '../../volumes/inspection/volume-on-node.ts'
import { VolumeError } from '../../volumes/model/errors.ts'
import { fileSystemAction } from '../../volumes/model/file-system-state.ts'
import { sectorBytesOf, type Volume } from '../../volumes/model/volume.ts'
import type { NodeCommands, PoolOptions } from '../node/commands.ts'
import type { OperatorMachine } from '../node/machine.ts'
import { explain } from '../terminal/help.ts'
import { ElapsedTime } from '../terminal/progress.ts'
import { abortOnInterruption } from '../terminal/signals.ts'
import { formatDuration } from '../terminal/text.ts'
import { findVolumes, requireUnused, takesVolumes } from './find.ts'
import { IMAGE_IS_LOCKED } from './image-file.ts'

/** `volume check`. */
export function addCheck({ add, machine }: NodeCommands): void {
  const command = takesVolumes(
    add('check', 'Look for damage in volumes that are not in use; nothing is repaired'),
    async (references, options, json) => {
      if (!(await checkVolumes(await machine(), references, options, json))) process.exitCode = 1
    },
  )
  explain(command, {
    notes: [
      'Runs e2fsck -fn, xfs_repair -n or btrfs check on a read-only device. A volume that is in use is refused. After a crash, the log is not replayed: the check may report damage that the next mount repairs.',
      IMAGE_IS_LOCKED,
      'Exit code: 0 when all are clean, 1 otherwise.',
    ],
    examples: ['csi-driver-loop volume check default/db'],
  })
}

/**
 * @returns whether all of them are clean
 * @throws VolumeError for a volume that is in use, or has no file system
 */
async function checkVolumes(
  machine: OperatorMachine,
  references: readonly string[],
  options: PoolOptions,
  json: boolean,
): Promise<boolean> {
  const signal = abortOnInterruption()
  const volumes = await findVolumes(machine, references, options)
  for (const volume of volumes) requireCheckable(volume)
  const results: (Verdict & { readonly id: string })[] = []
  for (const volume of volumes) {
    const { id } = volume.volume
    const start = performance.now()
    using _elapsed = new ElapsedTime(`checking volume ${id}`)
    const verdict = await verify(machine, volume, signal)
    results.push({ id, ...verdict })
    if (!json) console.log(describe(id, verdict, formatDuration(performance.now() - start)))
  }
  if (json) console.log(JSON.stringify(results, undefined, 2))
  return results.every(({ isClean }) => isClean)
}

/** The read-only device holds the lock of the image, so the driver neither stages nor deletes the volume. */
async function verify(
  machine: OperatorMachine,
  { image, volume }: VolumeOnNode,
  signal: AbortSignal,
): Promise<Verdict> {
  const hasData = await machine.files.hasData(image)
  if (!hasData && volume.fileSystem.state !== 'formatted') {
    return { isClean: true, report: 'The volume was never used: it has no file system yet.' }
  }
  await using loops = await machine.openLoops()
  await using attachment = await loops.attach(
    image,
    {
      name: volume.id,
      readOnly: true,
      autoclear: true,
      directIo: 'auto',
      sectorBytes: sectorBytesOf(volume),
    },
    signal,
  )
  const { path } = attachment.device
  const refusal = await mountRefusal(machine, volume, image, path, hasData, signal)
  if (refusal !== undefined) return { isClean: false, report: refusal }
  return await machine.fileSystems.verify(volume.fsType, path, signal)
}

/** Why a stage would refuse the content of the device; undefined when it would mount it. */
async function mountRefusal(
  { fileSystems }: OperatorMachine,
  volume: Volume,
  image: string,
  device: string,
  hasData: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (volume.fileSystem.state !== 'formatted') return undefined
  try {
    const found = await fileSystems.probe(device, signal)
    fileSystemAction(volume, image, { ...found, hasData }, fileSystems.repairs(volume.fsType))
    return undefined
  } catch (error) {
    if (error instanceof VolumeError) return error.message
    throw error
  }
}

function requireCheckable(volume: VolumeOnNode): void {
  requireUnused(volume, 'only a volume that is not in use can be checked: end its pods first')
  const { accessTypes, id } = volume.volume
  if (accessTypes.includes('mount')) return
  const message = `volume "${id}" is a raw block volume: only its pod can check what is in it`
  throw new VolumeError('failed-precondition', message)
}

function describe(id: string, { isClean, report }: Verdict, duration: string): string {
  const indented = report.split('\n').map((line) => `  ${line}`)
  return [`volume ${id}: ${isClean ? 'clean' : 'DAMAGED'} (${duration})`, ...indented].join('\n')
}
