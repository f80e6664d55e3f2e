import { formatBytes, larger, roundUp, smaller } from './bytes.ts'
import { VolumeError } from './errors.ts'

/** CSI's CapacityRange in bytes; 0 = not given. */
export interface CapacityRange {
  readonly requiredBytes: bigint
  readonly limitBytes: bigint
}

/** Images are whole pages, so that every file system and direct I/O on any disk can use them to the end. */
const UNIT = 4096n

/** What a volume has when nobody asks for a size. */
export const DEFAULT_CAPACITY = 1n << 30n

/**
 * Far above what any file system keeps in one file, far below where sizes stop being exact as JavaScript
 * numbers.
 */
export const MAXIMUM_CAPACITY = 1n << 50n

/** @throws VolumeError invalid-argument for a range that no volume can be in */
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
 * The size of a new volume: what is required, in whole pages, and at least what its file system needs.
 * @param preferred where nothing is required and the limit allows it
 * @throws VolumeError out-of-range when the limit does not allow that
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
  if (capacity > MAXIMUM_CAPACITY) {
    throw new VolumeError(
      'out-of-range',
      `capacity_range: required_bytes ${requiredBytes} is more than the largest volume of ${formatBytes(MAXIMUM_CAPACITY)}`,
    )
  }
  return capacity
}

/** True when an existing volume of this capacity satisfies the range. */
export function satisfies(capacity: bigint, { requiredBytes, limitBytes }: CapacityRange): boolean {
  return capacity >= requiredBytes && (limitBytes === 0n || capacity <= limitBytes)
}
