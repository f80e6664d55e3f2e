import { LinuxFileSystems } from '../../linux/filesystems/index.ts'
import type { Verdict } from '../../linux/filesystems/descriptor.ts'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { LoopControl } from '../../linux/loop/control.ts'
import { LinuxLoopDevices } from '../../linux/loop/loop-devices.ts'
import { VolumeError } from '../../volumes/model/errors.ts'
import type { VolumeOnNode } from '../../volumes/inspection/volume-on-node.ts'
import { fileSystemAction } from '../../volumes/model/file-system-state.ts'
import { sectorBytesOf, type Volume } from '../../volumes/model/volume.ts'
import { abortOnInterruption } from '../terminal/interruption.ts'
import type { PoolOptions } from '../node/survey.ts'
import { formatDuration } from '../terminal/text.ts'
import { Waiting } from '../terminal/waiting.ts'
import { selectVolumes } from './select.ts'
import { requireUnused } from './use.ts'

/**
 * @returns whether all of them are clean
 * @throws VolumeError for a volume that is in use, or has no file system
 */
export async function checkVolumes(
  references: readonly string[],
  options: PoolOptions,
  json: boolean,
): Promise<boolean> {
  const signal = abortOnInterruption()
  const volumes = await selectVolumes(references, options)
  for (const volume of volumes) requireCheckable(volume)
  const results: (Verdict & { readonly id: string })[] = []
  for (const volume of volumes) {
    const { id } = volume.volume
    const start = performance.now()
    using _waiting = new Waiting(`checking volume ${id}`)
    const verdict = await verify(volume, signal)
    results.push({ id, ...verdict })
    if (!json) console.log(describe(id, verdict, formatDuration(performance.now() - start)))
  }
  if (json) console.log(JSON.stringify(results, undefined, 2))
  return results.every(({ isClean }) => isClean)
}

/**
 * By a device of its own, read-only, which holds the lock of the image: until it is gone, nobody stages or
 * deletes the volume.
 */
async function verify({ image, volume }: VolumeOnNode, signal: AbortSignal): Promise<Verdict> {
  const hasData = await new LinuxImageFiles().hasData(image)
  if (!hasData && volume.fileSystem.state !== 'formatted') {
    return { isClean: true, report: 'The volume was never used: it has no file system yet.' }
  }
  await using control = await LoopControl.open()
  await using attachment = await new LinuxLoopDevices(control).attach(
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
  const refusal = await whyRefused(volume, image, attachment.device.path, hasData, signal)
  if (refusal !== undefined) return { isClean: false, report: refusal }
  return await new LinuxFileSystems().verify(volume.fsType, attachment.device.path, signal)
}

/** Undefined where the device has the file system that a stage mounts. */
async function whyRefused(
  volume: Volume,
  image: string,
  device: string,
  hasData: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (volume.fileSystem.state !== 'formatted') return undefined
  try {
    const found = await new LinuxFileSystems().probe(device, signal)
    fileSystemAction(volume, image, { ...found, hasData })
    return undefined
  } catch (error) {
    if (error instanceof VolumeError) return error.message
    throw error
  }
}

function requireCheckable(volume: VolumeOnNode): void {
  requireUnused(volume, 'only a volume that nobody uses can be checked: end its pods first')
  const { accessTypes, id } = volume.volume
  if (accessTypes.includes('mount')) return
  const message = `volume "${id}" is a raw block volume: what is in it is its pod's to check`
  throw new VolumeError('failed-precondition', message)
}

function describe(id: string, { isClean, report }: Verdict, duration: string): string {
  const indented = report.split('\n').map((line) => `  ${line}`)
  return [`volume ${id}: ${isClean ? 'clean' : 'DAMAGED'} (${duration})`, ...indented].join('\n')
}
