import { readFileSync } from 'node:fs'
import { findingOf, type Finding } from '../../volumes/issues/catalogue.ts'
import { CAP_MKNOD, CAP_SYS_ADMIN, CAP_SYS_RESOURCE, hasCapability } from '../process/capabilities.ts'

/** @param has whether the kernel lets this process do what a capability is about */
export function checkPrivileges(has: (capability: bigint) => boolean = hasCapability): Finding[] {
  const needed = [
    [CAP_SYS_ADMIN, 'CAP_SYS_ADMIN', 'attach loop devices and mount'],
    [CAP_MKNOD, 'CAP_MKNOD', 'make the nodes of loop devices'],
  ] as const
  const missing = needed.filter(([capability]) => !has(capability))
  const findings = missing.map(([, capability, purpose]) =>
    findingOf('PrivilegeMissing', { capability, purpose }),
  )
  return has(CAP_SYS_RESOURCE) ? findings : [...findings, findingOf('Ext4GrowsUnmountedOnly', {})]
}

/** The initial user namespace maps all numbers to themselves (user_namespaces(7)). */
const INITIAL = '0 0 4294967295'

/** @param uidMap the text of /proc/self/uid_map */
export function checkUserNamespace(uidMap = readFileSync('/proc/self/uid_map', 'latin1')): Finding[] {
  if (uidMap.trim().split(/\s+/).join(' ') === INITIAL) return []
  return [findingOf('UserNamespace', {})]
}
