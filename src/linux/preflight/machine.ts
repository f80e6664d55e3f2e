import type { Finding } from '../../volumes/health/finding.ts'
import { checkBlockedTasks } from './blocked-tasks.ts'
import { checkDeviceNodes } from './device-nodes.ts'
import { checkFreeDevices } from './free-devices.ts'
import { checkOpenFiles } from './limits.ts'
import { checkLoopControl } from './loop-control.ts'
import { preflight } from './preflight.ts'
import { checkPrivileges } from './privileges.ts'

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
