import { dirname } from 'node:path'
import type { Finding } from '../../volumes/health/issue.ts'
import type { FsType } from '../../volumes/model/ports.ts'
import { checkBlockedTasks, checkOpenFiles } from './driver-process.ts'
import { lackOf, missingTools, unavailableFileSystems } from './file-systems.ts'
import { checkDeviceNodes, checkFreeDevices, checkLoopControl } from './loop-devices.ts'
import { checkPrivileges, checkUserNamespace } from './privileges.ts'
import { checkPropagation } from './propagation.ts'

export interface Preflight {
  readonly findings: readonly Finding[]
  /** The file systems that cannot be had here, and why. */
  readonly unavailable: ReadonlyMap<FsType, string>
}

/** What every volume needs, block volumes too: never to format on doubt. */
const ALWAYS_NEEDED = ['blkid']

/** The one that volumes have when nobody asks for another. */
const DEFAULT: FsType = 'ext4'

/**
 * Looks at the machine once, at start. That loop devices can be had at all shows when LoopControl is opened.
 * @param registrationDir the kubelet's plugins_registry, where there is a kubelet
 */
export async function preflight(registrationDir: string | undefined): Promise<Preflight> {
  const findings = checkUserNamespace()
  if (registrationDir !== undefined) findings.push(...checkPropagation(dirname(registrationDir)))
  const missing = await missingTools(ALWAYS_NEEDED)
  if (missing.length > 0) {
    const { why: message, cure } = lackOf(missing)
    findings.push({ severity: 'error', reason: 'ToolMissing', message, cure })
  }
  const lacks = await unavailableFileSystems()
  for (const [type, { why, cure }] of lacks) {
    findings.push({
      severity: type === DEFAULT ? 'error' : 'warning',
      reason: 'FileSystemUnavailable',
      message: `volumes with ${type} cannot be had: ${why}`,
      cure,
    })
  }
  const unavailable = new Map([...lacks].map(([type, { why, cure }]) => [type, `${why}: ${cure}`]))
  return { findings, unavailable }
}

/**
 * Looks at all of the machine that the driver depends on, and changes nothing: the preflight of its start,
 * and what shows by itself when a driver starts or works.
 * @param registrationDir the kubelet's plugins_registry, where there is a kubelet
 * @param driverPid of the driver, where one runs
 * @param isOurs for the ids of this node's volumes
 */
export async function examineMachine(
  registrationDir: string | undefined,
  driverPid: number | undefined,
  isOurs: (id: string) => boolean,
): Promise<Finding[]> {
  const { findings } = await preflight(registrationDir)
  return [
    ...checkPrivileges(),
    ...(await checkLoopControl()),
    ...findings,
    ...(await checkFreeDevices()),
    ...(await checkDeviceNodes((file) => file.split('/').some(isOurs))),
    ...checkOpenFiles(driverPid ?? 'self'),
    ...(driverPid === undefined ? [] : await checkBlockedTasks(driverPid)),
  ]
}
