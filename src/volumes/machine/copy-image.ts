import type { CopyProgress, ImageCopier } from '../model/ports/image-copier.ts'
import type { Provisioning } from '../model/volume.ts'

/**
 * Copies an image that is not being written. The copy shares blocks where possible, unless the volume of the
 * two is thick: all blocks of a thick volume belong to it alone.
 * @throws as ImageCopier.copy
 */
export async function copyImage(
  copier: ImageCopier,
  source: string,
  target: string,
  provisioning: Provisioning,
  onProgress: (progress: CopyProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  if (provisioning === 'thin' && (await copier.share(source, target))) return
  await copier.copy(source, target, onProgress, signal)
}
