import { readFileSync } from 'node:fs'
import type { Finding } from '../../volumes/health/finding.ts'

/** The initial user namespace maps all numbers to themselves (user_namespaces(7)). */
const INITIAL = '0 0 4294967295'

/** @param uidMap the text of /proc/self/uid_map */
export function checkUserNamespace(uidMap = readFileSync('/proc/self/uid_map', 'latin1')): Finding[] {
  if (uidMap.trim().split(/\s+/).join(' ') === INITIAL) return []
  return [
    {
      severity: 'error',
      reason: 'UserNamespace',
      message:
        'this is a user namespace (rootless Docker or Podman, or hostUsers: false), in which the kernel allows no loop devices and no mounts of them',
      cure: 'run the cluster with root',
    },
  ]
}
