import { execPath } from 'node:process'
import { ownNamespace } from '../support/namespace.ts'

const MARK = 'CSI_DRIVER_LOOP_OWN_NAMESPACE'

/**
 * Starts this process again in a mount namespace of its own, and returns only there. Otherwise containers
 * that start meanwhile would copy our mounts into theirs, and keep our devices in use after we have unmounted
 * them; and this process would keep the devices of other runs in use.
 *
 * libuv's threads are made on first use, so this is also the time to have as many as the driver has
 * (src/main.ts): attaching alone and the floor run in this process.
 */
export function ensureOwnNamespace(): void {
  if (process.env[MARK] !== undefined) return
  const program = [execPath, ...process.execArgv, ...process.argv.slice(1)]
  const environment = { UV_THREADPOOL_SIZE: '64', ...process.env, [MARK]: '1' }
  process.execve?.('/usr/bin/unshare', [...ownNamespace(undefined), ...program], environment)
}
