import { VolumeError } from './errors.ts'
import type { VolumeAttributes } from './volume.ts'

/**
 * Thick means that the blocks are there whatever happens; a discard, at once or later, gives them away.
 * @throws VolumeError invalid-argument for attributes that contradict each other
 */
export function checkAttributes({ provisioning, discard }: VolumeAttributes): void {
  if (provisioning !== 'thick' || discard === 'none') return
  throw new VolumeError(
    'invalid-argument',
    `provisioning "thick" and discard "${discard}" contradict each other: discarded blocks go back to the pool. Use discard "none", or provisioning "thin"`,
  )
}
