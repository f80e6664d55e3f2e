import { readFile } from 'node:fs/promises'
import type { FsType } from '../src/volumes/model/ports.ts'

/** What the demo's first volume is like. */
export interface Plan {
  readonly fsType: FsType
  readonly mountFlags: readonly string[]
  readonly sizeBytes: bigint
  readonly expandedBytes: bigint
  /** Why it is not as usual. */
  readonly remark?: string
}

const MIB = 1n << 20n

const usual: Plan = { fsType: 'ext4', mountFlags: [], sizeBytes: 64n * MIB, expandedBytes: 128n * MIB }

/** XFS can be expanded by any root, but is 300 MiB at least. */
const withoutResourceCapability: Plan = {
  fsType: 'xfs',
  // XFS reserves more than is written, the more the larger a file gets; here `df` should show what was
  // written.
  mountFlags: ['allocsize=64k'],
  sizeBytes: 300n * MIB,
  expandedBytes: 400n * MIB,
  remark: 'XFS, not the usual ext4: root has no CAP_SYS_RESOURCE here, which expanding ext4 in use needs.',
}

const CAP_SYS_RESOURCE = 24n

/** The usual, where this process may do all of it. */
export async function choosePlan(): Promise<Plan> {
  const status = await readFile('/proc/self/status', 'utf8')
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'
  const hasResource = (BigInt(`0x${capabilities}`) >> CAP_SYS_RESOURCE) & 1n
  return hasResource ? usual : withoutResourceCapability
}
