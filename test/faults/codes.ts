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

/** The codes that are right for a call that failed for this reason; the other faults say nothing about the request. */
export function rightCodes(call: string, fault: string): Codes {
  // Of CSI's codes it has this one only for a plugin that is not healthy.
  if (call === 'Probe') return ['FAILED_PRECONDITION']
  if (fault === 'ENOSPC') {
    return (
      whenFull.find(([calls]) => calls.test(call))?.[1] ?? ['RESOURCE_EXHAUSTED', 'OUT_OF_RANGE', 'INTERNAL']
    )
  }
  if (fault === 'EBUSY') return ['FAILED_PRECONDITION', 'ABORTED', 'INTERNAL']
  return ['INTERNAL']
}
