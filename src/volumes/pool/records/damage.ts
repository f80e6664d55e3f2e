import { issueOf } from '../../issues/catalogue.ts'
import { hasErrno } from '../../model/errors.ts'
import type { ImageFiles, ImageSize } from '../../model/ports/image-files.ts'

/** An image is missing or too short. */
export class ImageDamage extends Error {
  readonly reason: 'ImageMissing' | 'ImageShrunk'

  constructor(reason: ImageDamage['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ImageDamage'
    this.reason = reason
  }
}

/** @throws ImageDamage when there is no image */
export async function imageSize(files: ImageFiles, path: string): Promise<ImageSize> {
  try {
    return await files.size(path)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error
    throw new ImageDamage('ImageMissing', `its image ${path} is missing`, { cause: error })
  }
}

/** @throws ImageDamage for an image that is shorter than its record says */
export function requireFullSize(imageBytes: bigint, capacityBytes: bigint): void {
  if (imageBytes >= capacityBytes) return
  const message = `the image has ${imageBytes} bytes, the record says ${capacityBytes}`
  throw new ImageDamage('ImageShrunk', message)
}

/** Names the volume and the remedy. */
export function describeDamage(volumeId: string, damage: ImageDamage): string {
  return issueOf(damage.reason, { id: volumeId, problem: damage.message }).message
}
