type Codes = readonly string[]

/** What the caller of a call can do about a full disk (CSI specification, "Error Scheme"). */
const whenFull: readonly (readonly [calls: RegExp, codes: Codes])[] = [
  // Another node, or fewer volumes.
  [
    /^(CreateVolume|CreateSnapshot|CreateVolumeGroupSnapshot|ControllerModifyVolume)\b/,
    ['RESOURCE_EXHAUSTED'],
  ],
  // A smaller size.
  [/^ControllerExpandVolume\b/, ['OUT_OF_RANGE']],
]

/**
 * The codes that are right for a call that failed for this reason; the other faults say nothing about the
 * request.
 */
export function rightCodes(call: string, step: string, fault: string): Codes {
  // Of CSI's codes it has this one only for a plugin that is not healthy.
  if (call === 'Probe') return ['FAILED_PRECONDITION']
  if (fault === 'ENOSPC') {
    return (
      whenFull.find(([calls]) => calls.test(call))?.[1] ?? ['RESOURCE_EXHAUSTED', 'OUT_OF_RANGE', 'INTERNAL']
    )
  }
  // A pool that cannot be read is unreachable, which may end by itself.
  if (fault === 'EIO' && step.includes('/pool.json ')) return ['UNAVAILABLE']
  // It finds nothing on a device that begins as a file system does: that is damage, for a person.
  if (fault === 'exit 2' && step.startsWith('run blkid ')) return ['FAILED_PRECONDITION']
  if (fault === 'EBUSY') return ['FAILED_PRECONDITION', 'ABORTED', 'INTERNAL']
  return ['INTERNAL']
}
