import { constants } from 'node:os'
import { getSystemErrorMessage } from 'node:util'

export function errnoOf(code: string): number {
  const errno = Object.entries(constants.errno).find(([name]) => name === code)?.[1]
  if (errno === undefined) throw new Error(`there is no errno ${code}`)
  return errno
}

/**
 * What Node's own functions throw when a system call of theirs fails. Calls on open files do not know the
 * paths.
 */
export function systemError(code: string, syscall: string, paths: readonly string[]): Error {
  const errno = -errnoOf(code)
  const [path, dest] = paths
  const where = paths.map((path) => `'${path}'`).join(' -> ')
  const message = `${code}: ${getSystemErrorMessage(errno)}, ${[syscall, where].filter(Boolean).join(' ')}`
  return Object.assign(new Error(message), {
    errno,
    code,
    syscall,
    ...(path !== undefined && { path }),
    ...(dest !== undefined && { dest }),
  })
}
