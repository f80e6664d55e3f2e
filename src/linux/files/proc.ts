import { readFileSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { hasErrno } from '../../volumes/model/errors.ts'
import { mountIdOf, readMountInfo } from '../mountinfo/find-mount.ts'
import { findMountById } from '../mountinfo/mountinfo.ts'

/**
 * What programs have written and no disk has yet, of all file systems of the machine, in bytes: Dirty and
 * Writeback of proc_meminfo(5).
 * @param text the content of /proc/meminfo, for tests
 */
export function unwrittenBytes(text = readFileSync('/proc/meminfo', 'latin1')): bigint {
  return kibibytes(text, 'Dirty') + kibibytes(text, 'Writeback')
}

function kibibytes(text: string, name: string): bigint {
  const [, digits = '0'] = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text) ?? []
  return BigInt(digits) << 10n
}

/**
 * The process that holds an exclusive flock(2) on a file or directory, found without trying the lock: a
 * successful attempt would hold it for a moment.
 * @returns undefined when the lock is free, or its holder is not visible in this pid namespace
 */
export async function lockHolder(path: string): Promise<number | undefined> {
  try {
    const { ino } = await stat(path, { bigint: true })
    const mount = findMountById(await readMountInfo(), await mountIdOf(path))
    return mount && findFlock(await readFile('/proc/locks', 'latin1'), mount.device, ino)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

/**
 * @param locks the text of /proc/locks (proc_locks(5)), which has the device in hexadecimal
 * @param device as mountinfo has it, `major:minor`
 */
export function findFlock(locks: string, device: string, inode: bigint): number | undefined {
  const [major = 0, minor = 0] = device.split(':').map(Number)
  const file = `${hex(major)}:${hex(minor)}:${inode}`
  for (const line of locks.split('\n')) {
    // A process that waits for a lock has an arrow behind the number.
    const [, type, , access, pid, where] = line.split(/\s+/)
    if (type === 'FLOCK' && access === 'WRITE' && where === file) return Number(pid)
  }
  return undefined
}

function hex(number: number): string {
  return number.toString(16).padStart(2, '0')
}
