import { LinuxMounts } from '../../linux/mount/mounts.ts'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { formatBytes, larger } from '../../volumes/model/bytes.ts'
import { VolumeError } from '../../volumes/model/errors.ts'
import type { VolumeOnNode } from '../../volumes/inspection/volume-on-node.ts'
import type { TrimStep } from '../../volumes/model/ports.ts'
import { isFileSystem } from '../../volumes/machine/uses.ts'
import { abortOnInterruption } from '../terminal/interruption.ts'
import type { PoolOptions } from '../node/survey.ts'
import { selectVolumes } from './select.ts'

/**
 * Trims the volumes one after another.
 * @throws VolumeError before anything is trimmed, when one of them cannot be
 */
export async function trimVolumes(
  references: readonly string[],
  options: PoolOptions,
  json: boolean,
): Promise<void> {
  const signal = abortOnInterruption()
  const volumes = (await selectVolumes(references, options)).map((volume) => ({
    ...volume,
    mountPoint: trimmableAt(volume),
  }))
  const mounts = new LinuxMounts()
  const files = new LinuxImageFiles()
  const results: object[] = []
  for (const { allocatedBytes: before, image, mountPoint, volume } of volumes) {
    const trimmedBytes = await trimAll(mounts, mountPoint, signal)
    const { allocated } = await files.size(image)
    const freed = larger(before - allocated, 0n)
    results.push({ id: volume.id, trimmedBytes: Number(trimmedBytes), freedBytes: Number(freed) })
    if (!json) {
      console.log(
        `volume ${volume.id}: the file system gave back ${formatBytes(trimmedBytes)}, the image is ${formatBytes(freed)} smaller`,
      )
    }
  }
  if (json) console.log(JSON.stringify(results, undefined, 2))
}

async function trimAll(mounts: LinuxMounts, mountPoint: string, signal: AbortSignal): Promise<bigint> {
  let trimmedBytes = 0n
  for (let from: bigint | undefined = 0n; from !== undefined;) {
    signal.throwIfAborted()
    const step: TrimStep = await mounts.trim(mountPoint, from)
    trimmedBytes += step.trimmedBytes
    from = step.next
  }
  return trimmedBytes
}

/**
 * @returns where to trim it
 * @throws VolumeError failed-precondition where that cannot be done, or is not wanted
 */
function trimmableAt({ mounts, volume }: VolumeOnNode): string {
  const refuse = (why: string): never => {
    throw new VolumeError('failed-precondition', `volume "${volume.id}" ${why}`)
  }
  if (volume.provisioning === 'thick') refuse('is thick: it keeps its blocks, which a trim would give away')
  const fileSystems = mounts.filter(isFileSystem)
  if (fileSystems.length === 0) refuse('is not mounted here; a trim is for a file system in use')
  const writable = fileSystems.find(({ readOnly }) => !readOnly)
  return writable?.target ?? refuse('is mounted read-only')
}
