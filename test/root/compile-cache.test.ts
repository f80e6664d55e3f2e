import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { chmod, chown, readFile, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { makePrivate } from '../../src/compile-cache.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { commandLine } from '../support/command-line.ts'

/** What `--help` says, and what a forged entry makes of it: of the same length. */
const GENUINE = 'Volumes of a fixed size for containers'
const FORGED = 'Code of a local user, executed by root'

let scratch: Scratch

beforeEach(async () => {
  scratch = await Scratch.make()
})

afterEach(() => scratch[Symbol.asyncDispose]())

describeRoot("Node's cache of compiled code", () => {
  it('that another user has forged in the temporary directory is not executed', async () => {
    const cache = await scratch.directory('node-compile-cache')
    await commandLine(['--help'], { env: { NODE_COMPILE_CACHE: cache } })
    expect(await forge(cache)).toBeGreaterThan(0)
    // The forgery works: where an operator has chosen this directory, Node executes what is in there.
    const chosen = await commandLine(['--help'], { env: { NODE_COMPILE_CACHE: cache } })
    expect(chosen.stdout).toContain(FORGED)

    const found = await commandLine(['--help'], { env: { TMPDIR: scratch.path } })

    expect(found.stdout).toContain(GENUINE)
    expect(found.stdout).not.toContain(FORGED)
  })

  const NOBODY = 65534
  const cases: Record<string, (parent: string, directory: string) => Promise<unknown>> = {
    'is of another user': (_parent, directory) => chown(directory, NOBODY, NOBODY),
    'may be written by a group': (_parent, directory) => chmod(directory, 0o770),
    'may be written by all': (_parent, directory) => chmod(directory, 0o777),
    'may be written by all, with the sticky bit': (_parent, directory) => chmod(directory, 0o1777),
    'is below one of another user': (parent) => chown(parent, NOBODY, NOBODY),
    'is below one that all may write': (parent) => chmod(parent, 0o777),
  }

  it.each(Object.entries(cases))('is not kept in a directory that %s', async (_name, prepare) => {
    const parent = await scratch.directory('parent')
    const directory = await scratch.directory('parent/cache')
    await prepare(parent, directory)

    expect(makePrivate(directory)).toBe(false)
  })

  it('is not created below a world-writable directory', async () => {
    const parent = await scratch.directory('parent')
    await chmod(parent, 0o777)

    expect(makePrivate(join(parent, 'of', 'ours'))).toBe(false)
    expect(await readdir(parent)).toEqual([])
  })

  it.each(['parent', 'parent/cache'])('is not kept behind a symbolic link at %s', async (link) => {
    await scratch.directory('real/cache')
    if (link === 'parent/cache') await scratch.directory('parent')
    await symlink(join(scratch.path, 'real'), join(scratch.path, link))

    expect(makePrivate(join(scratch.path, 'parent', 'cache'))).toBe(false)
  })

  it('is kept in a directory that only root may write, also below a sticky one', async () => {
    await chmod(await scratch.directory('sticky'), 0o1777)
    await chmod(await scratch.directory('sticky/parent'), 0o755)
    const directory = join(scratch.path, 'sticky', 'parent', 'of', 'ours')

    expect(makePrivate(directory)).toBe(true)
    expect(await readdir(directory)).toEqual([])
  })
})

/**
 * Replaces text in the compiled code of a cache, as its header allows: five words of 32 bits, of which the
 * last one is the checksum of what follows them (src/compile_cache.cc of Node).
 * @returns how many entries were changed
 */
async function forge(cache: string): Promise<number> {
  const HEADER_BYTES = 20
  let changed = 0
  for (const { parentPath, name } of (await readdir(cache, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile(),
  )) {
    const entry = await readFile(join(parentPath, name))
    const at = entry.indexOf(GENUINE)
    if (at === -1) continue
    entry.write(FORGED, at)
    entry.writeUInt32LE(crc32(entry.subarray(HEADER_BYTES)), HEADER_BYTES - 4)
    await writeFile(join(parentPath, name), entry)
    changed++
  }
  return changed
}
