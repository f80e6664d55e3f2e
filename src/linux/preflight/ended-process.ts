import { hasErrno } from '../../volumes/model/errors.ts'

/** What a look at a process's files in /proc gives, or `otherwise` where it has ended by then (proc(5)). */
export function unlessEnded<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch (error) {
    // The directory is gone, or it was open and the process behind it is gone.
    if (hasErrno(error, 'ENOENT', 'ESRCH')) return otherwise
    throw error
  }
}
