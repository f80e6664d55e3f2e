import { lstatSync, mkdirSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { dirname, join } from 'node:path'

const STICKY = 0o1000
const WRITABLE_BY_OTHERS = 0o022

/**
 * Caches compiled code in `node_modules/.cache` beside this program, for a faster start. Node executes a
 * cache entry with a valid checksum, which anyone can forge, so the directory must be private. Node's default
 * is a directory in /tmp, which another user may have created.
 *
 * Node itself uses NODE_COMPILE_CACHE before it loads this file.
 */
export function cacheCompiledCode(): void {
  const directory = join(dirname(import.meta.dirname), 'node_modules', '.cache', 'csi-driver-loop')
  if (makePrivate(directory)) enableCompileCache(directory)
}

/**
 * Creates a directory if no other user can change it.
 * @param directory absolute
 * @returns whether it exists, and only root and this user can write to it or replace it
 */
export function makePrivate(directory: string): boolean {
  try {
    if (!isPrivate(dirname(directory)) && !makePrivate(dirname(directory))) return false
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    return isPrivate(directory)
  } catch {
    // On a read-only file system, for example: the program works without a cache.
    return false
  }
}

/**
 * Whether every component of a path is a directory, not a symbolic link, that only root and this user can
 * write to. In a parent with the sticky bit (/var/tmp), others can neither rename nor remove what root or
 * this user owns: rename(2), EPERM.
 */
function isPrivate(directory: string): boolean {
  const isOwn = (path: string, alsoSticky: boolean): boolean => {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (!stat?.isDirectory() || (stat.uid !== 0 && stat.uid !== process.getuid?.())) return false
    return (stat.mode & WRITABLE_BY_OTHERS) === 0 || (alsoSticky && (stat.mode & STICKY) !== 0)
  }
  const parents: string[] = []
  for (let path = directory; path !== dirname(path); path = dirname(path)) parents.push(dirname(path))
  return isOwn(directory, false) && parents.every((path) => isOwn(path, true))
}
