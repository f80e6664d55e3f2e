import type { FileHandle } from 'node:fs/promises'
import { VolumeError } from '../../volumes/model/errors.ts'
import { fsTypes, type Signature } from '../../volumes/model/ports/file-systems.ts'
import { open, turn } from '../../volumes/pool/gate/turn.ts'
import { deviceSize } from '../loop/device.ts'
import { CommandError } from '../process/command-error.ts'
import type { Run } from '../process/exec.ts'
import { typeByMagic, types } from './types.ts'

/** blkid(8): nothing found, for any reason. */
const EXIT_NOTHING_FOUND = 2
/** blkid(8): several signatures, which contradict each other. */
const EXIT_AMBIVALENT = 8

const blank: Signature = { type: undefined, partitionTable: undefined, uuid: undefined, unfinished: false }

/**
 * Probes the content of the device itself (`-p`, no cache).
 * @throws Error unless the device is proven to be blank: blkid also exits with code 2 for a device that is
 * missing, has no size, or cannot be read
 * @throws VolumeError failed-precondition when signatures contradict each other, or one is damaged
 */
export async function probe(run: Run, device: string, signal: AbortSignal): Promise<Signature> {
  await using handle = await open(device, 'r')
  const size = await deviceSize(handle, device)
  if (size === 0n) throw new Error(`${device} has no size: nothing is attached to it`)
  try {
    const { stdout } = await run('blkid', ['-p', '-o', 'export', device], { signal })
    return await signatureOf(parseExport(stdout), handle)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    if (error.exitCode === EXIT_AMBIVALENT) {
      const message = `${device} has signatures of several file systems, which contradict each other`
      throw new VolumeError('failed-precondition', message, { cause: error })
    }
    if (error.exitCode !== EXIT_NOTHING_FOUND) throw error
    await proveBlank(handle, device, size)
    return blank
  }
}

/**
 * The largest sectors that the device of a file system may have: the block size of an ext4 or btrfs, the
 * sector size of an XFS.
 * @param image a device, or an image file
 * @returns undefined where blkid does not print it (util-linux before 2.36)
 */
export async function blockBytesOf(
  run: Run,
  image: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { stdout } = await run('blkid', ['-p', '-o', 'export', image], { signal })
  const size = parseExport(stdout).get('BLOCK_SIZE')
  return size === undefined ? undefined : Number(size)
}

async function signatureOf(tags: Map<string, string>, handle: FileHandle): Promise<Signature> {
  const type = tags.get('TYPE')
  const partitionTable = tags.get('PTTYPE')
  if (type === undefined && partitionTable === undefined) {
    throw new VolumeError(
      'failed-precondition',
      `blkid reports no type for the content of a device (${[...tags.keys()].join(', ') || 'no tags'})`,
    )
  }
  const uuid = tags.get('UUID')
  const known = fsTypes.find((name) => name === type)
  const unfinished = known !== undefined && (await types[known].isUnfinished?.(handle)) === true
  return { type, partitionTable, uuid, unfinished }
}

/** `-o export` writes one NAME=value per line, with a backslash before characters that a shell interprets. */
function parseExport(output: string): Map<string, string> {
  const tags = new Map<string, string>()
  for (const line of output.split('\n')) {
    const equals = line.indexOf('=')
    if (equals > 0) tags.set(line.slice(0, equals), line.slice(equals + 1).replace(/\\(.)/g, '$1'))
  }
  return tags
}

/**
 * Signatures lie at both ends of a device: the farthest that file systems and RAID use are within this
 * distance.
 */
const PROBED_BYTES = 1 << 20

/**
 * blkid also exits with "nothing found" when it could not read: a truncated image, a bad disk, a device that
 * it cannot open, no memory. In these cases our own read fails, or finds a signature, and the device counts
 * as unknown, not as blank.
 */
async function proveBlank(handle: FileHandle, device: string, size: bigint): Promise<void> {
  const length = Math.min(PROBED_BYTES, Number(size))
  const buffer = Buffer.allocUnsafe(length)
  // The beginning comes last, because its content is used below.
  for (const position of [Number(size) - length, 0]) {
    const { bytesRead } = await turn(() => handle.read(buffer, 0, length, position))
    if (bytesRead < length) throw new Error(`only ${bytesRead} of ${length} bytes of ${device} could be read`)
  }
  const type = typeByMagic(buffer)
  if (type === undefined) return
  throw new VolumeError(
    'failed-precondition',
    `blkid takes ${device} for blank, although it begins as ${type} does: the superblock is damaged`,
  )
}
