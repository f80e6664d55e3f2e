import { readFileSync } from 'node:fs'

/** loop(4), mount(2). */
export const CAP_SYS_ADMIN = 21n

/** Growing a mounted ext4 requires it (fs/ext4/resize.c, capabilities(7)). */
export const CAP_SYS_RESOURCE = 24n

/** mknod(2). */
export const CAP_MKNOD = 27n

/** True when this process has the capability. */
export function hasCapability(capability: bigint): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'
  return ((BigInt(`0x${mask}`) >> capability) & 1n) === 1n
}
