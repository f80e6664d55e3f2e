import { dirname } from 'node:path'
import { findingOf, type Finding } from '../../volumes/issues/catalogue.ts'
import type { FsType } from '../../volumes/model/ports/file-systems.ts'
import { missingTools, problemOf, unavailableFileSystems } from './file-systems.ts'
import { checkDeviceNodes, checkFreeDevices, checkLoopControl } from './loop-devices.ts'
import {
  checkBlockedTasks,
  checkOpenFiles,
  checkPrivileges,
  checkPropagation,
  checkUserNamespace,
} from './process.ts'

export interface Preflight {
  readonly findings: readonly Finding[]
  /** The file systems that are not available here, and why. */
  readonly unavailable: ReadonlyMap<FsType, string>
}

/** Every volume needs it, even raw block volumes: the content is always probed. */
const ALWAYS_NEEDED = ['blkid']

/** The default type of volumes. */
const DEFAULT: FsType = 'ext4'

/**
 * Checks the machine once, at start. Opening LoopControl checks whether loop devices are available.
 * @param registrationDir the kubelet's plugins_registry, where there is a kubelet
 */
export async function preflight(registrationDir: string | undefined): Promise<Preflight> {
  const findings = checkUserNamespace()
  if (registrationDir !== undefined) findings.push(...checkPropagation(dirname(registrationDir)))
  const missing = await missingTools(ALWAYS_NEEDED)
  if (missing.length > 0) findings.push(findingOf('ToolMissing', problemOf(missing)))
  const problems = await unavailableFileSystems()
  for (const [type, problem] of problems) {
    findings.push(findingOf('FileSystemUnavailable', { type, isDefault: type === DEFAULT, ...problem }))
  }
  const unavailable = new Map([...problems].map(([type, { why, remedy }]) => [type, `${why}: ${remedy}`]))
  return { findings, unavailable }
}

/**
 * Checks everything that the driver needs from the machine, and changes nothing: the preflight at its start,
 * and further problems that it would meet later.
 * @param registrationDir the kubelet's plugins_registry, where there is a kubelet
 * @param driverPid of the driver, where one runs
 * @param isOurs true for the ids of this node's volumes
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
