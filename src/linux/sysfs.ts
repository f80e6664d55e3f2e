import { readFileSync } from 'node:fs'

/**
 * One value of sysfs, by blocking calls: the kernel makes it in memory as it is read. That takes some 20 µs;
 * on a worker thread (open, stat, read, close) it takes 200.
 * @throws ENOENT when there is no such attribute (any more)
 */
export function readAttribute(path: string): string {
  return readFileSync(path, 'latin1').trim()
}
