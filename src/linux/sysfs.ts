import { readFileSync } from 'node:fs'

/**
 * One value of sysfs, which the kernel makes up in memory as it is read. That takes some 20 µs, where handing
 * the same to a worker thread and back four times (open, stat, read, close) takes 200.
 * @throws ENOENT when there is no such attribute (any more)
 */
export function readAttribute(path: string): string {
  return readFileSync(path, 'latin1').trim()
}
