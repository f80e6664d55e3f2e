import { exitNow } from '../../linux/libc.ts'

const PATIENCE_MS = 1000

/**
 * Has the process end also when system calls do not return: of a pool, of a loop device that is somebody
 * else's, of whatever. Node waits for what is under way, and exit(3) for libuv's threads. To be called when
 * all work has ended.
 */
export function leaveSoon(): void {
  setTimeout(exitNow, PATIENCE_MS, 0).unref()
}
