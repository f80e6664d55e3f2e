import { LinuxImageCopier } from '../../linux/copy/image-copier.ts'
import type { Provisioning } from '../../volumes/volume.ts'
import type { ProgressBar } from '../progress.ts'

/**
 * Makes a new file of an image: it shares the blocks of the image where that is possible, unless one of the two is thick.
 * @param provisioning of the one that is a volume
 */
export async function copyImage(
  source: string,
  target: string,
  provisioning: Provisioning,
  progress: ProgressBar,
  signal: AbortSignal,
): Promise<void> {
  const copier = new LinuxImageCopier()
  if (provisioning === 'thin' && (await copier.share(source, target))) return
  await copier.copy(source, target, progress.update, signal)
}
