import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { tool } from '../../tool.ts'

const execute = promisify(execFile)

/** Type, mode, owner, group, time, where a symbolic link points, and path. */
const LISTING = String.raw`%y %m %U %G %T@ [%l] %P\n`

/** Not of directories: they depend on the file system. */
const SIZES = String.raw`%s %P\n`

/**
 * Backs a directory up with restic, restores it elsewhere, and compares both.
 * @param scratch a directory that does not exist
 * @throws Error when what was restored differs from what was backed up
 */
export async function backUpAndRestore(directory: string, scratch: string): Promise<void> {
  await mkdir(scratch)
  try {
    const restic = (...args: string[]) => runRestic(join(scratch, 'repository'), ...args)
    await restic('init')
    await restic('backup', directory)
    await restic('check', '--read-data')
    await restic('restore', 'latest', '--target', join(scratch, 'restored'))
    await expectSame(directory, join(scratch, 'restored', directory))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function runRestic(repository: string, ...args: string[]): Promise<void> {
  const env = { ...process.env, RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: 'not a secret' }
  await execute('restic', ['--no-cache', '--quiet', ...args], { env })
}

/** By tools that share no code with restic. */
async function expectSame(original: string, restored: string): Promise<void> {
  await tool('diff', '--recursive', '--no-dereference', original, restored)
  const [expected, found] = [await listing(original), await listing(restored)]
  const [missing, more] = [without(expected, found), without(found, expected)]
  if (missing.length + more.length > 0)
    throw new Error(`restic has restored of ${original}: ${more.join('; ')}, and not: ${missing.join('; ')}`)
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const excluded = new Set(others)
  return lines.filter((line) => !excluded.has(line))
}

async function listing(directory: string): Promise<string[]> {
  const find = (...args: string[]) => tool('find', directory, '-mindepth', '1', ...args)
  const lists = [await find('-printf', LISTING), await find('!', '-type', 'd', '-printf', SIZES)]
  return lists.join('\n').split('\n').toSorted()
}
