import { readFileSync } from 'node:fs'
import type { Finding } from '../../volumes/health/issue.ts'
import { CAP_MKNOD, CAP_SYS_ADMIN, CAP_SYS_RESOURCE, hasCapability } from '../process/capabilities.ts'

/** @param has whether the kernel lets this process do what a capability is about */
export function checkPrivileges(has: (capability: bigint) => boolean = hasCapability): Finding[] {
  const needed = [
    [CAP_SYS_ADMIN, 'CAP_SYS_ADMIN', 'attach loop devices and mount'],
    [CAP_MKNOD, 'CAP_MKNOD', 'make the nodes of loop devices'],
  ] as const
  const missing = needed.filter(([capability]) => !has(capability))
  const findings = missing.map(([, name, what]): Finding => ({
    severity: 'error',
    reason: 'PrivilegeMissing',
    message: `this process has no ${name}, which it takes to ${what}`,
    cure: 'run it as root; in a container, with securityContext.privileged: true (docker run --privileged)',
  }))
  if (has(CAP_SYS_RESOURCE)) return findings
  return [
    ...findings,
    {
      severity: 'warning',
      reason: 'Ext4GrowsUnmountedOnly',
      message:
        'this process has no CAP_SYS_RESOURCE, so an ext4 volume in use grows only when its pod is restarted',
      cure: 'give the container CAP_SYS_RESOURCE, or use xfs or btrfs for volumes that grow while they are used',
    },
  ]
}

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
