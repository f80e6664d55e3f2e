import { formatBytes, larger, roundUp, smaller } from './bytes.ts'
import { VolumeError } from './errors.ts'

/** CSI's CapacityRange in bytes; 0 = not given. */
export interface CapacityRange {
  readonly requiredBytes: bigint
  readonly limitBytes: bigint
}

/** Images consist of whole pages, so that file systems and direct I/O can use all of an image on any disk. */
const UNIT = 4096n

/** The size of a volume for a request without a size. */
export const DEFAULT_CAPACITY = 1n << 30n

/**
 * Far above the largest file of any file system, and far below 2^53, above which JavaScript numbers lose
 * precision.
 */
export const MAX_CAPACITY = 1n << 50n

/** @throws VolumeError invalid-argument for a range that no capacity satisfies */
export function checkRange({ requiredBytes, limitBytes }: CapacityRange): void {
  if (requiredBytes < 0n || limitBytes < 0n) {
    throw new VolumeError('invalid-argument', `capacity_range is negative: ${requiredBytes} to ${limitBytes}`)
  }
  if (limitBytes > 0n && requiredBytes > limitBytes) {
    throw new VolumeError(
      'invalid-argument',
      `capacity_range: required_bytes ${requiredBytes} is more than limit_bytes ${limitBytes}`,
    )
  }
}

/**
 * The size of a new volume: the required size, in whole pages, and at least the minimum.
 * @param preferred the size when none is required, as far as the limit allows it
 * @throws VolumeError out-of-range when the limit is too small
 */
export function chooseCapacity(range: CapacityRange, minimum: bigint, preferred = DEFAULT_CAPACITY): bigint {
  const { requiredBytes, limitBytes } = range
  const wanted =
    requiredBytes > 0n
      ? requiredBytes
      : limitBytes > 0n
        ? smaller(preferred, limitBytes - (limitBytes % UNIT))
        : preferred
  const capacity = roundUp(larger(wanted, minimum), UNIT)
  if (limitBytes > 0n && capacity > limitBytes) {
    throw new VolumeError(
      'out-of-range',
      `capacity_range: limit_bytes ${limitBytes} is too small: this volume needs ${capacity} (whole 4 KiB pages, at least ${formatBytes(minimum)} for its file system)`,
    )
  }
  if (capacity > MAX_CAPACITY) {
    throw new VolumeError(
      'out-of-range',
      `capacity_range: required_bytes ${requiredBytes} is more than the largest volume of ${formatBytes(MAX_CAPACITY)}`,
    )
  }
  return capacity
}

/** True when an existing volume of this capacity satisfies the range. */
export function satisfies(capacity: bigint, { requiredBytes, limitBytes }: CapacityRange): boolean {
  return capacity >= requiredBytes && (limitBytes === 0n || capacity <= limitBytes)
}
