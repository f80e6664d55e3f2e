import { readFileSync } from 'node:fs'
import type { Finding } from '../../volumes/health/finding.ts'
import { unlessEnded } from './ended-process.ts'

/** What some hundred calls at once, as after a node's restart, have open together. */
const ENOUGH_OPEN_FILES = 1024

/**
 * How many files may be open at once. Node raises the soft limit to the hard one when it starts, so the hard
 * one counts.
 * @param pid the driver's, where one runs: it has limits of its own
 * @param limits the text of /proc/<pid>/limits
 */
export function checkOpenFiles(
  pid: number | 'self',
  limits = unlessEnded(() => readFileSync(`/proc/${pid}/limits`, 'latin1'), ''),
): Finding[] {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1]
  if (hard === undefined || hard === 'unlimited' || Number(hard) >= ENOUGH_OPEN_FILES) return []
  const who = pid === 'self' ? 'a process' : `the driver (process ${pid})`
  return [
    {
      severity: 'warning',
      reason: 'FewOpenFiles',
      message: `${who} may have ${hard} files open at once; when many volumes are staged together, calls fail with EMFILE`,
      cure: `raise the limit to ${ENOUGH_OPEN_FILES} or more, and restart the driver: LimitNOFILE= of the service of the container runtime, or "ulimit -n" of the shell`,
    },
  ]
}
