import type { LoopState } from '../../../src/volumes/model/ports/loop-devices.ts'
import type { MountEntry } from '../../../src/volumes/model/ports/mounts.ts'

/** What the kernel could say of a volume's device, which was attached for a file system. */
export const attachedAs = (number: number, change: Partial<LoopState> = {}): LoopState => ({
  device: { number, path: `/dev/loop${number}` },
  name: 'v',
  readOnly: false,
  autoclear: true,
  directIo: false,
  sizeBytes: 4096n,
  ...change,
})

/** A mount of the file system on a loop device; of something else where there is no number. */
export const mountedAt = (
  target: string,
  number: number | undefined,
  change: Partial<MountEntry> = {},
): MountEntry => ({
  target,
  source: `/dev/loop${number}`,
  fsType: 'ext4',
  root: '/',
  loop: number === undefined ? undefined : { number, as: 'file system' },
  readOnly: false,
  options: [],
  ...change,
})

/** What a decision is, or the kind of its error. */
export const outcome = (decide: () => unknown): unknown => {
  try {
    return decide()
  } catch (error) {
    return (error as { kind: string }).kind
  }
}
