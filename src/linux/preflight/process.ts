import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { findingOf, type Finding } from '../../volumes/issues/catalogue.ts'
import { hasErrno } from '../../volumes/model/errors.ts'
import { parseMountInfo, type MountInfo } from '../mountinfo/mountinfo.ts'
import { CAP_MKNOD, CAP_SYS_ADMIN, CAP_SYS_RESOURCE, hasCapability } from '../process/capabilities.ts'

/** For some hundred calls at the same time, as after a node's restart. */
const ENOUGH_OPEN_FILES = 1024

/**
 * How many files may be open at once. Node raises the soft limit to the hard one when it starts, so the hard
 * one counts.
 * @param pid the driver's, where one runs: it has limits of its own
 * @param limits the text of /proc/<pid>/limits
 */
export function checkOpenFiles(
  pid: number | 'self',
  limits = ifRunning(() => readFileSync(`/proc/${pid}/limits`, 'latin1'), ''),
): Finding[] {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1]
  if (hard === undefined || hard === 'unlimited' || Number(hard) >= ENOUGH_OPEN_FILES) return []
  const who = pid === 'self' ? 'a process' : `the driver (process ${pid})`
  return [findingOf('FewOpenFiles', { who, limit: hard, enough: ENOUGH_OPEN_FILES })]
}

/** A task that waits for a working disk runs again within this time. */
const WAIT_MS = 1000

/** A thread, by its proc_pid_status(5). */
interface Task {
  readonly id: string
  readonly name: string
  readonly parent: number
  /** In a wait that no signal ends. */
  readonly blocked: boolean
  /** How often it has stopped running: this changes when it runs. */
  readonly switches: string
}

/**
 * Finds threads and child processes of the driver that wait in the kernel for a disk that does not answer. It
 * takes a second if there are candidates.
 */
export async function checkBlockedTasks(driverPid: number): Promise<Finding[]> {
  const before = blockedTasks(driverPid)
  if (before.length === 0) return []
  await setTimeout(WAIT_MS)
  const after = new Map(blockedTasks(driverPid).map(({ id, switches }) => [id, switches]))
  const still = before.filter(({ id, switches }) => after.get(id) === switches)
  return still.map((task) => findingOf('TaskBlocked', { task: describe(task, driverPid), id: task.id }))
}

function describe({ id, name, parent }: Task, driverPid: number): string {
  const isProgram = parent === driverPid
  return isProgram
    ? `${name} (process ${id}), started by the driver,`
    : `thread ${id} of the driver (process ${driverPid})`
}

function blockedTasks(driverPid: number): Task[] {
  const threads = tasksIn(`/proc/${driverPid}/task`)
  const programs = tasksIn('/proc').filter(({ parent }) => parent === driverPid)
  return [...threads, ...programs].filter(({ blocked }) => blocked)
}

function tasksIn(directory: string): Task[] {
  const ids = ifRunning(() => readdirSync(directory), []).filter((name) => /^\d+$/.test(name))
  return ids.flatMap((id) => ifRunning(() => [readTask(id, `${directory}/${id}/status`)], []))
}

function readTask(id: string, path: string): Task {
  const status = readFileSync(path, 'utf8')
  const field = (name: string): string => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? ''
  return {
    id,
    name: field('Name'),
    parent: Number(field('PPid')),
    blocked: field('State').startsWith('D'),
    switches: `${field('voluntary_ctxt_switches')} ${field('nonvoluntary_ctxt_switches')}`,
  }
}

/** Reads a process's files in /proc. @returns `otherwise` where the process has ended (proc(5)) */
export function ifRunning<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch (error) {
    // ENOENT: the directory no longer exists. ESRCH: it was open, and the process has ended.
    if (hasErrno(error, 'ENOENT', 'ESRCH')) return otherwise
    throw error
  }
}

/** @param has whether this process has a capability */
export function checkPrivileges(has: (capability: bigint) => boolean = hasCapability): Finding[] {
  const needed = [
    [CAP_SYS_ADMIN, 'CAP_SYS_ADMIN', 'attach loop devices and mount'],
    [CAP_MKNOD, 'CAP_MKNOD', 'create device nodes of loop devices'],
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

/** The directories in which the kubelet has volumes mounted. */
const FOLDERS = ['plugins', 'pods']

/**
 * A mount in a container is visible to the kubelet and to pods only if the mount above it is shared with the
 * node.
 * @param kubeletDir the kubelet's directory as this process sees it
 * @param mountInfo the text of /proc/self/mountinfo
 */
export function checkPropagation(
  kubeletDir: string,
  mountInfo = readFileSync('/proc/self/mountinfo', 'latin1'),
): Finding[] {
  const mounts = parseMountInfo(mountInfo)
  return FOLDERS.map((name) => join(kubeletDir, name)).flatMap((path) => {
    const mount = mountOf(path, mounts)
    if (!mount || mount.shared) return []
    return findingOf('MountsNotPropagated', { path, mountPoint: mount.target })
  })
}

/** The mount that a path is in; of several at one place the topmost, which comes last. */
function mountOf(path: string, mounts: readonly MountInfo[]): MountInfo | undefined {
  return mounts
    .filter(({ target }) => target === '/' || path === target || path.startsWith(`${target}/`))
    .reduce<MountInfo | undefined>(
      (best, mount) => (best && best.target.length > mount.target.length ? best : mount),
      undefined,
    )
}
