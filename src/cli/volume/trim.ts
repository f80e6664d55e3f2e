import type { VolumeOnNode } from '../../volumes/inspection/volume-on-node.ts'
import { isFileSystemMount } from '../../volumes/machine/attachments.ts'
import { formatBytes, larger } from '../../volumes/model/bytes.ts'
import { VolumeError } from '../../volumes/model/errors.ts'
import type { Mounts, TrimStep } from '../../volumes/model/ports/mounts.ts'
import type { NodeCommands, PoolOptions } from '../node/commands.ts'
import type { OperatorMachine } from '../node/machine.ts'
import { explain } from '../terminal/help.ts'
import { abortOnInterruption } from '../terminal/signals.ts'
import { findVolumes, takesVolumes } from './find.ts'

/** `volume trim`. */
export function addTrim({ add, machine }: NodeCommands): void {
  const command = takesVolumes(
    add('trim', 'Discard unused blocks of mounted volumes, which frees space in their pool (FITRIM)'),
    async (references, options, json) => {
      await trimVolumes(await machine(), references, options, json)
    },
  )
  explain(command, {
    notes: [
      'Thick volumes are refused: they keep their blocks.',
      'Safe beside a running driver: a mounted file system may discard blocks at any time. The kernel refuses an unmount during a trim, and the kubelet repeats it.',
    ],
    examples: ['csi-driver-loop volume trim default/db'],
  })
}

/**
 * Trims the volumes one after another.
 * @throws VolumeError before anything is trimmed, when one of them cannot be
 */
async function trimVolumes(
  machine: OperatorMachine,
  references: readonly string[],
  options: PoolOptions,
  json: boolean,
): Promise<void> {
  const signal = abortOnInterruption()
  const volumes = (await findVolumes(machine, references, options)).map((volume) => ({
    ...volume,
    mountPoint: mountPointToTrim(volume),
  }))
  const results: object[] = []
  for (const { allocatedBytes: before, image, mountPoint, volume } of volumes) {
    const trimmedBytes = await trimAll(machine.mounts, mountPoint, signal)
    const { allocated } = await machine.files.size(image)
    const freed = larger(before - allocated, 0n)
    results.push({ id: volume.id, trimmedBytes: Number(trimmedBytes), freedBytes: Number(freed) })
    if (!json) {
      console.log(
        `volume ${volume.id}: the file system discarded ${formatBytes(trimmedBytes)}, the image is ${formatBytes(freed)} smaller`,
      )
    }
  }
  if (json) console.log(JSON.stringify(results, undefined, 2))
}

async function trimAll(
  mounts: Pick<Mounts, 'trim'>,
  mountPoint: string,
  signal: AbortSignal,
): Promise<bigint> {
  let trimmedBytes = 0n
  for (let from: bigint | undefined = 0n; from !== undefined;) {
    signal.throwIfAborted()
    const step: TrimStep = await mounts.trim(mountPoint, from)
    trimmedBytes += step.trimmedBytes
    from = step.next
  }
  return trimmedBytes
}

/** @throws VolumeError failed-precondition for a volume that cannot, or should not, be trimmed */
function mountPointToTrim({ mounts, volume }: VolumeOnNode): string {
  const refuse = (why: string): never => {
    throw new VolumeError('failed-precondition', `volume "${volume.id}" ${why}`)
  }
  if (volume.provisioning === 'thick') refuse('is thick: a trim would free its blocks')
  const fileSystems = mounts.filter(isFileSystemMount)
  if (fileSystems.length === 0) refuse('is not mounted here; only a mounted file system can be trimmed')
  const writable = fileSystems.find(({ readOnly }) => !readOnly)
  return writable?.target ?? refuse('is mounted read-only')
}
