import { existsSync } from 'node:fs'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeAll } from './support/leftovers.ts'

/** Short, for there are sockets below it, whose paths may have 107 bytes. */
const PREFIX = 'loop-test-'

/**
 * Before all tests: one directory for all that they make, named by the process. What a killed run has left is
 * taken away.
 */
export default async function setup(): Promise<void> {
  const parent = tmpdir()
  for (const name of await readdir(parent)) {
    const path = join(parent, name)
    if (name.startsWith(PREFIX) && !existsSync(`/proc/${name.slice(PREFIX.length)}`) && (await isOwn(path)))
      await removeAll(path)
  }
  const directory = join(parent, `${PREFIX}${process.pid}`)
  await mkdir(directory)
  process.env['TMPDIR'] = directory
}

async function isOwn(path: string): Promise<boolean> {
  return (await stat(path)).uid === process.getuid?.()
}
