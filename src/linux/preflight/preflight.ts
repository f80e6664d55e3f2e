import { constants, readFileSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { findingOf, type Finding } from '../../volumes/issues/catalogue.ts'
import { hasErrno } from '../../volumes/model/errors.ts'
import { fsTypes, type FsType } from '../../volumes/model/ports/file-systems.ts'
import { debianPackages, types } from '../filesystems/types.ts'
import { toolDirectories } from '../process/exec.ts'
import { mount } from '../system-calls.ts'
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

/** The types that are not available on this machine, and why. */
export async function unavailableFileSystems(): Promise<Map<FsType, Unavailability>> {
  const problems = await Promise.all(fsTypes.map(async (type) => [type, await problemWith(type)] as const))
  return new Map(problems.flatMap(([type, problem]) => (problem ? [[type, problem] as const] : [])))
}

async function problemWith(type: FsType): Promise<Unavailability | undefined> {
  const missing = await missingTools(types[type].tools)
  if (missing.length > 0) return problemOf(missing)
  if (await isKnownToKernel(type)) return undefined
  return {
    why: `the kernel of this machine does not support ${type}`,
    remedy: `modprobe ${type} (or a kernel that supports it)`,
  }
}

/**
 * /proc/filesystems lists the types that are built in or loaded. Another type may be a module that the kernel
 * loads at the first mount. A mount that cannot succeed reveals it: ENODEV means that the type does not
 * exist, any other error only that the device is missing.
 */
async function isKnownToKernel(type: FsType): Promise<boolean> {
  const listed = readFileSync('/proc/filesystems', 'latin1').split('\n')
  if (listed.some((line) => line.split('\t')[1] === type)) return true
  try {
    await mount('/dev/null/no-such-device', '/', type, 0, null)
    return true
  } catch (error) {
    return !hasErrno(error, 'ENODEV')
  }
}

/** The tools that are not installed in the driver's PATH. */
export async function missingTools(tools: readonly string[]): Promise<string[]> {
  const installed = await Promise.all(tools.map(isInstalled))
  return tools.filter((_, index) => !installed[index])
}

/** Why something is not available, and what to do about it. */
export interface Unavailability {
  readonly why: string
  readonly remedy: string
}

/** The problem of one or more missing tools. */
export function problemOf(tools: readonly string[]): Unavailability {
  const packages = [...new Set(tools.map((tool) => debianPackages.get(tool) ?? tool))]
  return {
    why: `${tools.join(' and ')} ${tools.length > 1 ? 'are' : 'is'} not installed`,
    remedy: `install the Debian package ${packages.join(' and ')} (apt-get install ${packages.join(' ')})`,
  }
}

async function isInstalled(tool: string): Promise<boolean> {
  for (const directory of toolDirectories) {
    try {
      await access(join(directory, tool), constants.X_OK)
      return true
    } catch {
      // The next one.
    }
  }
  return false
}
