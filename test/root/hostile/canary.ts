import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Makes a directory that nothing of a driver may touch, with something of each kind in it. */
export async function makeCanary(path: string): Promise<void> {
  await mkdir(join(path, 'full'), { recursive: true })
  await writeFile(join(path, 'note'), 'sings\n', { mode: 0o640 })
  await writeFile(join(path, 'full', 'deep'), 'sings too\n')
  await symlink('note', join(path, 'link'))
}

/**
 * All that a change of anything below the directory would change: kinds and modes, owners, times, and
 * contents.
 */
export async function look(path: string): Promise<unknown[]> {
  const { mode, uid, gid, ino, nlink, mtimeNs, ctimeNs } = await lstat(path, { bigint: true })
  const kind = Number(mode) & 0o170000
  const seen = { path, mode, uid, gid, ino, nlink, mtimeNs, ctimeNs }
  if (kind === 0o120000) return [{ ...seen, content: await readlink(path) }]
  if (kind === 0o100000) return [{ ...seen, content: await readFile(path, 'utf8') }]
  if (kind !== 0o040000) return [seen]
  const below = await Promise.all((await readdir(path)).sort().map((name) => look(join(path, name))))
  return [seen, ...below.flat()]
}
