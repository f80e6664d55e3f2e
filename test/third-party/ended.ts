import type { Ended } from './run-confined.ts'

/** How a command has ended, for tests of what reads it. */
export function ended(exitCode: number | null, { stdout = '', stderr = '' } = {}): Ended {
  return { exitCode, hung: false, stdout, stderr }
}
