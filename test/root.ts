import { describe, it } from '@jest/globals'
import { CAP_SYS_RESOURCE, hasCapability } from '../src/linux/process/capabilities.ts'

/**
 * What needs root and real devices. Without root it fails, so that a CI that lost its root is noticed; who
 * knows that they have none says so with SKIP_ROOT_TESTS=1.
 */
export function describeRoot(name: string, tests: () => void): void {
  if (process.env['SKIP_ROOT_TESTS'] === '1') describe.skip(name, tests)
  else describe(name, isRoot() ? tests : failForLackOfRoot)
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function failForLackOfRoot(): void {
  it('needs root', () => {
    throw new Error('run this as root, or set SKIP_ROOT_TESTS=1')
  })
}

/** True where the kernel lets this process grow a mounted ext4; many a sandbox has a root without it. */
export function hasResourceCapability(): boolean {
  return hasCapability(CAP_SYS_RESOURCE)
}
