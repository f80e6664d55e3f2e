import { open } from 'node:fs/promises'
import { VolumeError } from '../../volumes/errors.ts'
import { CommandError } from '../command-error.ts'
import { deviceSize } from '../device-size.ts'
import { run } from '../exec.ts'
import type { FileSystemType } from './type.ts'

/** Always the page's size, not 1 KiB below 512 MiB: a volume that starts small would keep small blocks as it grows. */
const BLOCK_BYTES = 4096n

export const ext4: FileSystemType = {
  /** 2,048 blocks: with less mkfs.ext4 leaves out the journal. */
  minimumBytes: 2048n * BLOCK_BYTES,

  mountOptions: [],

  async format(device, options, signal) {
    await run('mkfs.ext4', [...(await mkfsArguments(device, options)), device], { signal })
  },

  async check(device, signal) {
    try {
      await run('e2fsck', ['-p', device], { signal })
    } catch (error) {
      if (!(error instanceof CommandError) || error.exitCode === null) throw error
      if ((error.exitCode & ~REPAIRED) === 0) return
      throw (error.exitCode & UNREPAIRED) === 0 ? error : beyondRepair(device, error)
    }
  },

  async grow(device, _mountPoint, signal) {
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
 * e2fsck's exit code is a sum (e2fsck(8)): 1 is "errors corrected", 2 "and the system should be rebooted", which
 * is about a mounted root file system and here means the same.
 */
const REPAIRED = 1 | 2
const UNREPAIRED = 4

function beyondRepair(device: string, cause: CommandError): VolumeError {
  const advice = 'attach its image and run e2fsck on it by hand'
  return new VolumeError(
    'failed-precondition',
    `the ext4 on ${device} has errors, ${advice}: ${cause.message}`,
    { cause },
  )
}

/**
 * A new image reads as zeros, so nothing has to be zeroed, neither now nor in the background after the mount: `-E` says
 * so in all the ways there are. `-m 0` keeps no blocks back for root, whose file system this is not.
 */
const zeroImage = ['nodiscard', 'lazy_itable_init=1', 'lazy_journal_init=1', 'assume_storage_prezeroed=1']

async function mkfsArguments(device: string, options: readonly string[]): Promise<string[]> {
  const { extended, others } = separateExtended(options)
  // Those who choose features choose for themselves whether there is a resize inode.
  const room = others.some((option) => option.startsWith('-O')) ? [] : await roomToGrow(device)
  const extendedOptions = [...zeroImage, ...room, ...extended].join(',')
  return ['-q', '-m', '0', '-b', `${BLOCK_BYTES}`, '-E', extendedOptions, ...others]
}

/** Room is kept for growth by this factor, and up to this size at least; at most to where block numbers end. */
const GROWTH_FACTOR = 16n
const LEAST_GROWN_BYTES = 1n << 40n
const MOST_GROWN_BYTES = (1n << 32n) * BLOCK_BYTES

/**
 * Room for the group descriptors of a larger file system. Within it growth changes no layout; beyond it the kernel has to
 * convert to meta_bg, which corrupted file systems before Linux 6.9, and resize2fs 1.47.0 does when it is not mounted.
 * mkfs.ext4's own choice, 1,024 times the size, is too little for the smallest volumes, and costs a volume of 10 GiB
 * twice the time (9 ms) and six times the disk space (4 MiB).
 */
async function roomToGrow(device: string): Promise<string[]> {
  await using handle = await open(device, 'r')
  const size = await deviceSize(handle, device)
  if (size >= MOST_GROWN_BYTES) return []
  const wanted = [size * GROWTH_FACTOR, LEAST_GROWN_BYTES].reduce((a, b) => (a > b ? a : b))
  const grown = wanted < MOST_GROWN_BYTES ? wanted : MOST_GROWN_BYTES
  return [`resize=${grown / BLOCK_BYTES}`]
}

/** mkfs.ext4 forgets a first `-E` over a second one, so the user's joins ours. It takes `-E x` and `-Ex`. */
function separateExtended(options: readonly string[]): { extended: string[]; others: string[] } {
  const extended: string[] = []
  const others: string[] = []
  for (let i = 0; i < options.length; i++) {
    const option = options[i] ?? ''
    if (!option.startsWith('-E')) others.push(option)
    else if (option.length > 2) extended.push(option.slice(2))
    else extended.push(options[++i] ?? '')
  }
  return { extended, others }
}
