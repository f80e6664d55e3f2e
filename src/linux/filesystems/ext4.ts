import { VolumeError } from '../../volumes/model/errors.ts'
import { CAP_SYS_RESOURCE, hasCapability } from '../process/capabilities.ts'
import { CommandError } from '../process/command-error.ts'
import { run } from '../process/exec.ts'
import { BLOCK_BYTES, mkfsArguments } from './ext4-mkfs.ts'
import { ext4Size } from './ext4-size.ts'
import { hasRoomToGrow } from './size.ts'
import type { FileSystemType } from './type.ts'
import { verifyWith } from './verify.ts'

export const ext4: FileSystemType = {
  /** 2,048 blocks: with less mkfs.ext4 leaves out the journal. */
  minimumBytes: 2048n * BLOCK_BYTES,

  /**
   * By default ext4 goes on writing to what it has found to be damaged; a user's own `errors=` comes later
   * and wins. And it zeroes inode tables that growth has added, in the background, which the loop device does
   * by punching holes: they are zeros as it is, and a thick image would lose the blocks.
   */
  mountOptions: ['errors=remount-ro', 'noinit_itable'],

  uuidOptions: (uuid) => ['-U', uuid],

  async format(device, options, signal) {
    await run('mkfs.ext4', [...mkfsArguments(device, options), device], { signal })
  },

  /**
   * Not interrupted: of a large one that needs all of it, a check from the beginning each time would never
   * end.
   */
  async check(device, signal) {
    await preen(device, [])
    signal.throwIfAborted()
  },

  verify: (device, signal) => verifyWith(['e2fsck', '-f', '-n', device], UNREPAIRED, signal),

  /**
   * Only where it cannot be done while mounted. Growing a mounted ext4 goes through its journal; this does
   * not, so it must not be interrupted: a cancelled call waits until it is done.
   */
  async growUnmounted(device, signal) {
    if (hasCapability(CAP_SYS_RESOURCE) || !(await hasRoomToGrow(device, ext4Size))) return
    // resize2fs insists on a full check of a file system that has been mounted.
    await preen(device, ['-f'])
    await run('resize2fs', [device], { signal: uninterrupted() })
    signal.throwIfAborted()
  },

  sizeOf: ext4Size,

  async grow(device, _mountPoint, signal) {
    if (!(await hasRoomToGrow(device, ext4Size))) return
    try {
      await run('resize2fs', [device], { signal })
    } catch (error) {
      if (!(error instanceof CommandError) || !error.stderr.includes('Permission denied')) throw error
      throw new VolumeError(
        'failed-precondition',
        `growing a mounted ext4 needs CAP_SYS_RESOURCE: ${error.message}`,
        {
          cause: error,
        },
      )
    }
  },
}

/**
 * e2fsck's exit code is a sum (e2fsck(8)): 1 is "errors corrected", 2 "and the system should be rebooted",
 * which is about a mounted root file system and here means the same.
 */
const REPAIRED = 1 | 2
const UNREPAIRED = 4

/** A check may take hours, but always reads or computes; one that does neither will never end. */
const STALL_MS = 10 * 60_000

/** e2fsck without questions: it repairs what is safe to repair. */
async function preen(device: string, options: readonly string[]): Promise<void> {
  try {
    await run('e2fsck', ['-p', ...options, device], { signal: uninterrupted(), stallMs: STALL_MS })
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode === null) throw error
    if ((error.exitCode & ~REPAIRED) === 0) return
    throw (error.exitCode & UNREPAIRED) === 0 ? error : beyondRepair(device, error)
  }
}

function uninterrupted(): AbortSignal {
  return new AbortController().signal
}

function beyondRepair(device: string, cause: CommandError): VolumeError {
  const advice = 'attach its image and run e2fsck on it by hand'
  return new VolumeError(
    'failed-precondition',
    `the ext4 on ${device} has errors, ${advice}: ${cause.message}`,
    { cause },
  )
}
