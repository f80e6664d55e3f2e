import type { CopyProgress, ImageCopier } from '../model/ports/image-copier.ts'
import type { Provisioning } from '../model/volume.ts'

/**
 * Makes a new file of an image that nobody writes: it shares the blocks of the image where that is possible,
 * unless the one that is a volume is thick, which has all of its blocks for itself.
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
