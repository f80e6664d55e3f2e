import { readFile, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { LoopControl } from '../src/linux/loop/control.ts'
import { formatBytes } from '../src/volumes/model/bytes.ts'
import { messageOf } from '../src/volumes/model/errors.ts'
import type { FsType } from '../src/volumes/model/ports/file-systems.ts'

/** The demo's first volume. */
export interface Plan {
  readonly fsType: FsType
  readonly mountFlags: readonly string[]
  readonly sizeBytes: bigint
  readonly expandedBytes: bigint
  /** Why it is not the usual one. */
  readonly remark?: string
}

const MIB = 1n << 20n

const usual: Plan = { fsType: 'ext4', mountFlags: [], sizeBytes: 64n * MIB, expandedBytes: 128n * MIB }

/** Expanding an XFS needs no CAP_SYS_RESOURCE, but an XFS has at least 300 MiB. */
const withoutResourceCapability: Plan = {
  fsType: 'xfs',
  // By default XFS preallocates space behind the end of a file; here `df` should show what was written.
  mountFlags: ['allocsize=64k'],
  sizeBytes: 300n * MIB,
  expandedBytes: 400n * MIB,
  remark: 'XFS, not the usual ext4: root has no CAP_SYS_RESOURCE here, which expanding a mounted ext4 needs.',
}

const CAP_SYS_RESOURCE = 24n

/** The usual plan, if this process has the capability for it. */
export async function choosePlan(): Promise<Plan> {
  const status = await readFile('/proc/self/status', 'utf8')
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'
  const hasResource = (BigInt(`0x${capabilities}`) >> CAP_SYS_RESOURCE) & 1n
  return hasResource ? usual : withoutResourceCapability
}

/** More than the demo's volumes can allocate. */
const NEEDED_BYTES = 512n << 20n

/** Why the demo cannot run here, and what to do, in one sentence; undefined when it can. */
export async function findObstacle(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) {
    return 'The demo uses loop devices and mounts, which need root: run it as root, for example "sudo npm run demo".'
  }
  try {
    await using _control = await LoopControl.open()
  } catch (error) {
    return `The demo cannot run here: ${messageOf(error)}`
  }
  const { bavail, bsize } = await statfs(tmpdir(), { bigint: true })
  if (bavail * bsize >= NEEDED_BYTES) return undefined
  return `The demo needs ${formatBytes(NEEDED_BYTES)} in ${tmpdir()}, which has ${formatBytes(bavail * bsize)}: set TMPDIR to a directory with more.`
}
