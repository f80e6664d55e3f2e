import { execPath } from 'node:process'

const MARK = 'CSI_DRIVER_LOOP_OWN_NAMESPACE'

/**
 * Starts this process again in a mount namespace of its own, and returns only there. Containers that start
 * meanwhile would otherwise copy our mounts into theirs, and hold our devices after we have unmounted them.
 *
 * libuv's threads are made on first use, so this is also the time to have as many as the driver has
 * (src/main.ts): attaching alone and the floor run in this process.
 */
export function ensureOwnNamespace(): void {
  if (process.env[MARK] !== undefined) return
  const program = [execPath, ...process.execArgv, ...process.argv.slice(1)]
  const environment = { UV_THREADPOOL_SIZE: '64', ...process.env, [MARK]: '1' }
  process.execve?.('/usr/bin/unshare', ['unshare', '--mount', ...program], environment)
}
