import { readFileSync } from 'node:fs'
import { describe, it } from '@jest/globals'

/**
 * What needs root and real devices. Without root it fails, so that a CI that lost its root is noticed; who knows that
 * they have none says so with SKIP_ROOT_TESTS=1.
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

/** Growing a mounted ext4 asks for it (fs/ext4/resize.c); many a sandbox has a root without it. */
const CAP_SYS_RESOURCE = 24n

/** True where the kernel lets this process grow a mounted ext4. */
export function hasResourceCapability(): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'
  return ((BigInt(`0x${mask}`) >> CAP_SYS_RESOURCE) & 1n) === 1n
}
