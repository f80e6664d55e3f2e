import { release } from 'node:os'

/** Whether this kernel is of this version or a later one, for what an older one does otherwise. */
export function isKernelSince(major: number, minor: number): boolean {
  const [, ourMajor = NaN, ourMinor = NaN] = /^(\d+)\.(\d+)/.exec(release()) ?? []
  const [first, second] = [Number(ourMajor), Number(ourMinor)]
  return first > major || (first === major && second >= minor)
}
